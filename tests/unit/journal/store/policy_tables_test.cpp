#include <map>

#include "journal/store/store.hpp"
#include "support/journal_probe.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("policies: a policy's state is what was put last, wherever it is kept") {
  using Values = std::map<std::string, std::string>;
  check_property("as a map would have it, also after a kill", [] {
    Directory directory;
    auto store = std::make_unique<Store>(journal_settings(directory), "store-42");
    Values now, committed;
    store->begin();
    const auto change = [&](const std::string& key, const std::string& value) {
      auto row = store->policies().state(1, key);
      RC_ASSERT((row ? row->value : "none") == (now.contains(key) ? now[key] : "none"));
      now[key] = value;
      if (!row || *rc::gen::inRange(0, 5) == 0) return store->policies().save_state(1, key, value);
      store->policies().replace_state(1, key, {row->id, value});
    };
    for (int steps = *rc::gen::inRange(1, 200); steps > 0; --steps) {
      const auto key = "k" + std::to_string(*rc::gen::inRange(0, 30));
      switch (*rc::gen::inRange(0, 60)) {
        case 0:
          store->commit();
          store->begin();
          committed = now;
          break;
        case 1:
          store->policies().erase_state(1, key);
          now.erase(key);
          break;
        case 2: {
          const auto stored = store->policies().states(1, "k", "k", 100);
          RC_ASSERT(Values(stored.begin(), stored.end()) == now);
          break;
        }
        default:
          change(key, std::string(*rc::gen::element<std::size_t>(0, 1, 20, 256, 257), 'v') +
                          std::to_string(steps));
      }
    }
    const Directory left = directory.copy();
    store.reset();
    store = std::make_unique<Store>(journal_settings(left), "store-42");
    const auto stored = store->policies().states(1, "", "", 100);
    RC_ASSERT(Values(stored.begin(), stored.end()) == committed);
  });
}
