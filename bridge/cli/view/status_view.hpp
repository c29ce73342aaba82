// The answer to /v1/status, as a page for people. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

struct StatusView {
  bool colour = false;
  std::size_t page = 0;        // how wide, in columns; 0: as wide as it is
  std::int64_t now_ms = 0;     // since 1970 UTC; ages count from here
  nlohmann::json before = {};  // an earlier answer; rates are the differences to it
  double elapsed_s = 0;        // between the two; 0: no rates
};

std::string render_status(const nlohmann::json& status, const StatusView& view);

}  // namespace bascule
