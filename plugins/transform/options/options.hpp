// What an instance is told in bascule.yaml; README.md says what each option means. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bascule/policy.hpp"
#include "sdk/pattern.hpp"
#include "transform/document/document.hpp"
#include "transform/state/batches.hpp"
#include "transform/steps/step.hpp"

namespace bascule::transform {

enum class OnMismatch { pass, drop, quarantine };

struct NamedStep {
  std::string name;  // "step 2, deadband"
  std::unique_ptr<Step> step;
};

struct Options {
  std::string bridge_id;
  sdk::Pattern from{"#"};
  sdk::Pattern to;  // empty: the topic stays
  PayloadKind payload = PayloadKind::json;
  OnMismatch on_mismatch = OnMismatch::pass;
  std::optional<plugin::Direction> towards;  // nothing: as the message was going
  std::uint64_t topics_max = 10'000;         // that are remembered, and batches that are open
  std::string report;                        // a topic; empty: no reports
  std::int64_t report_every_ms = 60'000;

  std::vector<NamedStep> steps;
  std::optional<BatchSettings> batch;
  std::optional<Template> batch_per;   // a text; messages with another one are in another batch
  std::vector<NamedStep> after_batch;  // envelopes
};

// Reports what is wrong to `raw`; what it gives is of use only if nothing was.
Options read_options(const plugin::Options& raw);

}  // namespace bascule::transform
