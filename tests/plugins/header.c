/* The header alone, in C11 and each C++ that it is for. */
#include <bascule/policy.h>

int bascule_header_alone(void);
int bascule_header_alone(void) { return BASCULE_POLICY_ABI; }
