/* A plugin that needs a newer host. */
#include <bascule/policy.h>

BASCULE_EXPORT const bascule_policy* bascule_policy_plugin(uint32_t host_abi) {
  (void)host_abi;
  return NULL;
}
