/* A policy in C11: what comes goes on, in the direction in which it was going, under `prefix`. */
#include <bascule/policy.h>
#include <stdlib.h>
#include <string.h>

struct passing {
  const bascule_host* host;
};

static bascule_bytes text(const char* chars) {
  const bascule_bytes bytes = {chars, strlen(chars)};
  return bytes;
}

static void* create(const bascule_host* host, const bascule_options* options) {
  struct passing* made = NULL;
  if (options->json.size != 2) { /* "{}" */
    options->problem(options->context, text(""), text("must be empty"));
    return NULL;
  }
  made = malloc(sizeof *made);
  if (made != NULL) made->host = host;
  return made;
}

static void destroy(void* instance) { free(instance); }

static int decide(void* instance, bascule_step* step, const bascule_input* input) {
  const bascule_host* host = ((struct passing*)instance)->host;
  bascule_output output;
  memset(&output, 0, sizeof output);
  if (input->kind != BASCULE_MESSAGE) return 0;
  output.size = sizeof output;
  output.direction = input->direction;
  output.qos = input->qos;
  output.retain = input->retain;
  output.topic = input->topic;
  output.payload = input->payload;
  output.properties = input->properties;
  output.property_count = input->property_count;
  return host->emit(step, &output);
}

BASCULE_EXPORT const bascule_policy* bascule_policy_plugin(uint32_t host_abi) {
  static const bascule_policy policy = {sizeof(bascule_policy),
                                        BASCULE_POLICY_ABI,
                                        "passing",
                                        "1",
                                        "lets everything pass",
                                        create,
                                        destroy,
                                        decide,
                                        NULL};
  return host_abi >= BASCULE_POLICY_ABI ? &policy : NULL;
}
