// Counts how decisions come out: whether the present configuration decides as it was decided then,
// and where another one would decide otherwise. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "replay/past_inputs.hpp"
#include "replay/replay.hpp"

namespace bascule {

class Comparison {
 public:
  // So many differences are listed one by one.
  explicit Comparison(std::size_t listed) : listed_(listed) {}

  // What the present configuration makes of an input.
  void present(const PastInputs::One& one, const std::optional<Redecision>& made);

  // What the present one made of it, and what the other one does.
  void other(const PastInputs::One& one, const std::optional<Redecision>& was,
             const std::optional<Redecision>& would_be);

  // The parts `present` and `other` of replay_policy()'s answer; the latter but for what is counted
  // elsewhere: `cases_more` and `own_wakes`.
  nlohmann::json present_answer() const;
  nlohmann::json other_answer() const;

 private:
  struct Change {
    std::uint64_t count = 0;
    nlohmann::json first;
  };
  void note(const PastInputs::One& one, std::string what, const std::string& was,
            const Redecision& would_be);

  std::size_t listed_;
  std::uint64_t reproduced_ = 0, otherwise_ = 0, same_ = 0, different_ = 0, failed_ = 0;
  std::uint64_t not_asked_for_ = 0;
  nlohmann::json first_otherwise_;
  std::map<std::string, Change> changes_;
  nlohmann::json differences_ = nlohmann::json::array();
};

}  // namespace bascule
