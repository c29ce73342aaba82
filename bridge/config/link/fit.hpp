// Whether routes keep to the limits of the brokers at their ends.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace bascule {

// What does not fit. `key`: of the route. `serious`: it can never cross.
using Misfit =
    std::function<void(std::size_t route, std::string_view key, std::string text, bool serious)>;

// `id` is what stands for {bridge.id}; the routes are valid.
void find_misfits(const BridgeConfig& config, const std::string& id, const Misfit& found);

}  // namespace bascule
