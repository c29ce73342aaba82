/* The template policy in C: it decides as ../template.cpp does. Copy the folder, rename
 * what is called template, and change decide_reading().
 *
 *   policies:
 *     freezers: {plugin: template_c, options: {min: -30, max: -15}}
 *
 * What C++ has for free is done by hand here: each host function may refuse (a negative number),
 * and then the step has failed; an instance keeps the host that create() was given.
 */
#include <bascule/policy.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { topic_bytes_max = 65535, alarms_per_case_default = 3 };

struct template {
  const bascule_host* host;
  double min;
  double max;
  double alarms_per_case;
};

static bascule_bytes text(const char* chars) {
  const bascule_bytes bytes = {chars, strlen(chars)};
  return bytes;
}

static int failed(const struct template* policy, bascule_step* step, const char* reason) {
  policy->host->fail(step, text(reason));
  return 1;
}

/* NULL unless all of the bytes are one JSON value; cJSON_Delete() it. */
static cJSON* parse(bascule_bytes bytes) {
  const char* end = NULL;
  cJSON* json = NULL;
  if (bytes.size == 0) return NULL;
  json = cJSON_ParseWithLengthOpts(bytes.data, bytes.size, &end, 0);
  while (json != NULL && end < bytes.data + bytes.size && strchr(" \t\r\n", *end) != NULL) ++end;
  if (json == NULL || end == bytes.data + bytes.size) return json;
  cJSON_Delete(json);
  return NULL;
}

/* The JSON pointer of a member: "/" and its name, in which "~" and "/" are escaped. */
static void report(const bascule_options* options, const char* name, const char* problem) {
  char* pointer = malloc(2 * strlen(name) + 2);
  char* at = pointer;
  if (pointer == NULL) {
    options->problem(options->context, text(""), text(problem));
    return;
  }
  *at++ = '/';
  for (; *name != '\0'; ++name) {
    const int special = *name == '~' || *name == '/';
    if (special) *at++ = '~';
    *at++ = special ? (char)(*name == '~' ? '0' : '1') : *name;
  }
  *at = '\0';
  options->problem(options->context, text(pointer), text(problem));
  free(pointer);
}

/* 1: the options are good, and `made` has them. */
static int read_options(const bascule_options* options, struct template* made) {
  cJSON* given = parse(options->json);
  const cJSON* option = NULL;
  int wrong = 0;
  if (!cJSON_IsObject(given)) {
    options->problem(options->context, text(""), text("must be a section"));
    wrong = 1;
  }
  cJSON_ArrayForEach(option, given) {
    double* place = strcmp(option->string, "min") == 0               ? &made->min
                    : strcmp(option->string, "max") == 0             ? &made->max
                    : strcmp(option->string, "alarms_per_case") == 0 ? &made->alarms_per_case
                                                                     : NULL;
    if (place == NULL) {
      report(options, option->string, "is unknown; use min, max or alarms_per_case");
    } else if (!cJSON_IsNumber(option)) {
      report(options, option->string, "must be a number, such as 4.5");
    } else {
      *place = option->valuedouble;
      continue;
    }
    wrong = 1;
  }
  cJSON_Delete(given);
  if (!wrong && made->min > made->max) {
    report(options, "min", "must not be more than max");
    wrong = 1;
  }
  return !wrong;
}

static void* create(const bascule_host* host, const bascule_options* options) {
  struct template* made = malloc(sizeof *made);
  const struct template defaults = {host, 0, 100, alarms_per_case_default};
  if (made == NULL) {
    options->problem(options->context, text(""), text("there is no memory"));
    return NULL;
  }
  *made = defaults;
  if (read_options(options, made)) return made;
  free(made);
  return NULL;
}

static void destroy(void* instance) { free(instance); }

/* State: what get() gives lives until the next call of the host, so it is read at once. */
static int get_alarms(const struct template* policy, bascule_step* step, long* alarms) {
  bascule_bytes value = {NULL, 0};
  char digits[24] = "0";
  const int found = policy->host->get(step, text("alarms"), &value);
  if (found < 0) return found;
  if (found > 0 && value.size < sizeof digits) {
    memcpy(digits, value.data, value.size);
    digits[value.size] = '\0';
  }
  *alarms = strtol(digits, NULL, 10);
  return 0;
}

static int put_alarms(const struct template* policy, bascule_step* step, long alarms) {
  char digits[24];
  snprintf(digits, sizeof digits, "%ld", alarms);
  return policy->host->put(step, text("alarms"), text(digits));
}

static int count_alarm(const struct template* policy, bascule_step* step,
                       const bascule_input* input) {
  long alarms = 0;
  char data[96];
  if (get_alarms(policy, step, &alarms) < 0) return 1;
  ++alarms;
  if (put_alarms(policy, step, alarms) < 0) return 1;
  if ((double)alarms != policy->alarms_per_case) return 0;
  snprintf(data, sizeof data, "{\"alarms\":%ld,\"choices\":[\"repaired\",\"false alarm\"]}",
           alarms);
  return policy->host->open_case(step, text("alarms"), input->topic, text(data)) < 0;
}

/* `buffer` with the prefix and the topic. */
static bascule_bytes join(const char* prefix, bascule_bytes topic, char* buffer) {
  const size_t size = strlen(prefix);
  const bascule_bytes joined = {buffer, size + topic.size};
  memcpy(buffer, prefix, size);
  memcpy(buffer + size, topic.data, topic.size);
  return joined;
}

static int send_reading(const struct template* policy, bascule_step* step,
                        const bascule_input* input, double value) {
  const bascule_host* host = policy->host;
  const int good = value >= policy->min && value <= policy->max;
  char buffer[topic_bytes_max + 16];
  char why[160];
  bascule_output output;
  if (host->put(step, join("last/", input->topic, buffer), input->payload) < 0) return 1;
  memset(&output, 0, sizeof output);
  output.size = sizeof output;
  output.direction = good ? BASCULE_UP : BASCULE_DOWN;
  output.qos = 1;
  output.retain = input->retain;
  output.topic = join(good ? "" : "alarm/", input->topic, buffer);
  output.payload = input->payload;
  if (host->emit(step, &output) < 0) return 1;
  if (!good && count_alarm(policy, step, input) != 0) return 1;
  snprintf(why, sizeof why, "{\"good\":%s,\"max\":%.15g,\"min\":%.15g,\"value\":%.15g}",
           good ? "true" : "false", policy->max, policy->min, value);
  return host->explain(step, text(why)) < 0;
}

static int decide_reading(const struct template* policy, bascule_step* step,
                          const bascule_input* input) {
  cJSON* reading = parse(input->payload);
  const int is_number = cJSON_IsNumber(reading);
  const double value = is_number ? reading->valuedouble : 0;
  cJSON_Delete(reading);
  /* A message that cannot be understood: fail, and it is quarantined with the reason. */
  if (!is_number) return failed(policy, step, "the payload is no number");
  if (input->topic.size > topic_bytes_max) return failed(policy, step, "the topic is too long");
  return send_reading(policy, step, input, value);
}

/* The topic is the case's number. Here, whatever the person chose ends it. */
static int end_case(const struct template* policy, bascule_step* step, const bascule_input* input) {
  char digits[24] = "";
  if (input->topic.size >= sizeof digits) return failed(policy, step, "no number of a case");
  memcpy(digits, input->topic.data, input->topic.size);
  if (policy->host->close_case(step, strtoll(digits, NULL, 10), input->payload) < 0) return 1;
  return put_alarms(policy, step, 0) < 0;
}

static int decide(void* instance, bascule_step* step, const bascule_input* input) {
  const struct template* policy = instance;
  switch (input->kind) {
    case BASCULE_MESSAGE:
      return decide_reading(policy, step, input);
    case BASCULE_RESOLUTION:
      return end_case(policy, step, input);
    default: /* this policy asks for no time, and does not care about the line */
      return 0;
  }
}

BASCULE_EXPORT const bascule_policy* bascule_policy_plugin(uint32_t host_abi) {
  static const bascule_policy policy = {sizeof(bascule_policy),
                                        BASCULE_POLICY_ABI,
                                        "template_c",
                                        "1.0",
                                        "readings within limits pass, others alarm",
                                        create,
                                        destroy,
                                        decide,
                                        NULL}; /* nobody asks it anything */
  return host_abi >= BASCULE_POLICY_ABI ? &policy : NULL;
}
