/* A policy: code that decides about messages on their way through a bascule bridge.
 *
 * A plugin is a shared library with one exported symbol, bascule_policy_plugin(), that names one
 * policy type. Each entry of `policies:` in bascule.yaml makes one instance of such a type; routes
 * name the instance in `policy:`. What such a route takes goes to the policy and not to the far
 * broker; what the policy emits goes on, in either direction.
 *
 * One step. The bridge hands one input at a time to decide(). What the policy reads, writes and
 * emits through the host while it runs belongs to that step: state, emitted messages, cases and the
 * progress over the input are kept in one transaction, or not at all. After a crash the step runs
 * again from the beginning.
 *
 * Deterministic. A policy is a function of its options, its inputs and its state. The time is an
 * argument (when the input was journaled), the state of the line is an input; nothing else may be
 * asked: no clock, no random number, no file, no memory that survives the step other than what
 * follows from the options. Replaying the same inputs gives the same bytes; the bridge relies on
 * it.
 *
 * Faults. decide() that fails (returns non-zero), crashes or does not return within `timeout` is
 * tried three times in all, also over restarts; then the input is quarantined with the reason and
 * the next one has its turn. A policy that knows that another attempt is of no use says so with
 * quarantine().
 *
 * Threads. decide() is always called on the same thread. create() and destroy() may be called on
 * another, but never while another function of the instance runs. Host functions may be called only
 * during decide(), on its thread.
 *
 * Memory. Nothing changes owner. What a plugin passes is copied before the call returns; what the
 * host passes lives until the plugin's function returns, or as its comment says.
 *
 * Versions. Structs grow only at the end, and each begins with its size. A host accepts a plugin
 * with its own BASCULE_POLICY_ABI or an older one; a plugin looks at `size` before it uses a member
 * that came after version 1. Compiles as C11 and as C++17 or later.
 */
#ifndef BASCULE_POLICY_H
#define BASCULE_POLICY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BASCULE_POLICY_ABI 1

/* Bytes that somebody else owns; not terminated. NULL with size 0 is empty. */
typedef struct bascule_bytes {
  const char* data;
  size_t size;
} bascule_bytes;

enum { BASCULE_UP = 0, BASCULE_DOWN = 1 }; /* up: site to central */

/* One MQTT 5 user property. */
typedef struct bascule_property {
  bascule_bytes name;
  bascule_bytes value;
} bascule_property;

/* What an input is. Numbers are kept for ever. */
enum {
  BASCULE_MESSAGE = 0,    /* a route with this policy took it */
  BASCULE_RESOLUTION = 1, /* a person decided a case: `topic` is the case's number in decimal,
                             `payload` the decision as a JSON object: "choose", "by", "data". Or a
                             person wants something done (bascule_policy.ask): `topic` is the word
                             for it, `payload` a JSON object with "by" and what belongs to it */
  BASCULE_WAKE = 2,       /* a time that the policy asked for has come: `topic` is its name,
                             `payload` the time asked for, in ms since 1970 UTC, in decimal */
  BASCULE_LINK = 3        /* the line to central changed: `payload` is "up" or "down" */
};

/* One input. Everything in it is journaled. */
typedef struct bascule_input {
  size_t size; /* sizeof(bascule_input) of the host */
  int32_t kind;
  int32_t direction; /* where the message was going; the others: BASCULE_DOWN */

  /* Who gave the message its number: the first bridge that journaled it, if it says so (a stamp),
   * else this bridge. (origin, epoch, lane, sequence) is the message's identity: equal ones are the
   * same message sent again. */
  bascule_bytes origin;
  bascule_bytes epoch; /* 16 hex digits; another one after the origin's journal was made anew */
  bascule_bytes lane;
  uint64_t sequence;

  /* Its place among this policy's inputs, by direction; from 1, without gaps. */
  uint64_t number;

  bascule_bytes topic; /* after the route's `to` */
  bascule_bytes payload;
  int32_t qos;
  int32_t retain;
  const bascule_property* properties; /* user properties, in order; not those of the stamp */
  size_t property_count;
  bascule_bytes content_type;
  bascule_bytes response_topic;
  bascule_bytes correlation_data;

  /* When it was journaled here. Boot time neither jumps nor stops; it is comparable among inputs,
   * also over restarts, as long as `boot` is the same. */
  int64_t wall_ms; /* since 1970 UTC */
  int64_t boottime_ms;
  int64_t boot;          /* counts the boots of the machine */
  int32_t clock_trusted; /* a time source kept the wall clock right */
  /* The state of the line when it was journaled, as by the last BASCULE_LINK. Slow counts as down.
   */
  int32_t central_up;

  /* Of this bridge's own journal, as `epoch`. With the bridge's id it says whose numbers they are
   * that the policy gives out: what another journal has numbered says nothing of this one's. */
  bascule_bytes bridge_epoch;
} bascule_input;

/* What a policy sends. */
typedef struct bascule_output {
  size_t size;       /* sizeof(bascule_output) of the plugin */
  int32_t direction; /* BASCULE_UP: to the central broker, BASCULE_DOWN: to the site broker */
  int32_t qos;
  int32_t retain;
  bascule_bytes lane; /* empty: `lane` of the policy's configuration */
  bascule_bytes topic;
  bascule_bytes payload;
  const bascule_property* properties;
  size_t property_count;
  bascule_bytes content_type;
  bascule_bytes response_topic;
  bascule_bytes correlation_data;
  int64_t expiry_s; /* message expiry interval; 0: none */
} bascule_output;

enum { BASCULE_DEBUG = 0, BASCULE_INFO = 1, BASCULE_WARNING = 2, BASCULE_ERROR = 3 };

/* The step under way; the host's. */
typedef struct bascule_step bascule_step;

/* What the host does for a step. Functions that return int give 0, or a negative number when what
 * was asked for is not possible (over a limit, an invalid topic, an unknown lane): the step has
 * failed then, whatever decide() returns. */
typedef struct bascule_host {
  size_t size;
  uint32_t abi;

  /* State: the instance's own ordered map of bytes, transactional. Keys are 1 to 1,024 bytes,
   * values up to 16 MiB. get() sees what this step has put; it gives 1 and sets `value` (valid
   * until the next call into the host), or gives 0 for a key that is not there. */
  int (*get)(bascule_step* step, bascule_bytes key, bascule_bytes* value);
  int (*put)(bascule_step* step, bascule_bytes key, bascule_bytes value);
  int (*erase)(bascule_step* step, bascule_bytes key);
  /* Calls `each` for the keys that begin with `prefix` and are not less than `from`, in order of
   * their bytes, until there is none or `each` returns non-zero. `each` may call the host; what it
   * puts and erases under the prefix does not change which keys it is shown. */
  int (*scan)(bascule_step* step, bascule_bytes prefix, bascule_bytes from, void* context,
              int (*each)(void* context, bascule_bytes key, bascule_bytes value));

  /* Appends a message to a lane. Messages of one step keep their order within each lane. */
  int (*emit)(bascule_step* step, const bascule_output* output);

  /* Opens a case: an exception that waits for a person. `subject` is what it is about (a record, an
   * item) and `kind` one word; `data` a JSON object that is shown to the person: what happened, and
   * what there is to choose from ("choices": [...], texts or objects with a "name"; one of them has
   * to be chosen). Gives the case's number, which is never used
   * again, or a negative number. Its resolution comes as an input. */
  int64_t (*open_case)(bascule_step* step, bascule_bytes kind, bascule_bytes subject,
                       bascule_bytes data);
  /* The case has found its end; `outcome` is a JSON object that is kept with it. */
  int (*close_case)(bascule_step* step, int64_t number, bascule_bytes outcome);

  /* A BASCULE_WAKE named `name` comes at `wall_ms` or soon after, also over restarts; at once if
   * that has passed. The machine's wall clock decides, trusted or not. The name is fit for a topic,
   * of 1,024 bytes at the most. Another call with the name moves it; 0 takes it back. */
  int (*wake_at)(bascule_step* step, bascule_bytes name, int64_t wall_ms);

  /* Why it was decided so: a JSON object that `bascule policy explain` shows. The last call counts.
   */
  int (*explain)(bascule_step* step, bascule_bytes verdict);

  /* A line in the bridge's log; limited in rate. */
  void (*log)(bascule_step* step, int level, bascule_bytes text);

  /* What decide() failed of, before it returns non-zero; one line. */
  void (*fail)(bascule_step* step, bascule_bytes reason);

  /* As fail(), where another attempt would end likewise: the input is quarantined at once. Nothing
   * else of the step is kept. Not there in a host whose `size` ends before it. */
  void (*quarantine)(bascule_step* step, bascule_bytes reason);
} bascule_host;

enum {
  BASCULE_TAKES = 0, /* `direction`: of the route that brings it */
  BASCULE_SENDS = 1  /* `direction`: where it goes, as in bascule_output */
};

/* A topic that the policy takes, or sends, as its options have it. */
typedef struct bascule_topic {
  size_t size;
  int32_t kind;
  int32_t direction;
  int32_t needed;        /* of what it takes: it can do nothing without; of what it sends: none may
                            be lost or overtaken by another */
  bascule_bytes pointer; /* the option that names it, as in `problem` */
  bascule_bytes filter;  /* an MQTT topic filter; of what it takes: after the route's `to` */
  bascule_bytes lane;    /* of what it sends; empty: `lane` of the policy's configuration */
} bascule_topic;

/* The options of an instance: `options:` of its entry in bascule.yaml as a JSON object. Plain YAML
 * scalars that are JSON numbers, booleans or null are those; everything else is a string. */
typedef struct bascule_options {
  size_t size;
  bascule_bytes json;
  bascule_bytes name; /* of the instance: its key under `policies:` */
  bascule_bytes bridge_id;
  void* context;
  /* Reports what is wrong at a JSON pointer (RFC 6901) into the options; the bridge adds file, line
   * and column. `text` continues a sentence that begins with the key: "must be between 1 and 100".
   * Any number of problems may be reported; one is enough to make create() fail. */
  void (*problem)(void* context, bascule_bytes pointer, bascule_bytes text);
  /* Names a topic, so that `bascule check` finds routes and lanes that do not fit. Any number may
   * be named, or none; it has no other effect. Not there in a host whose `size` ends before it; may
   * be NULL. */
  void (*topic)(void* context, const bascule_topic* topic);
} bascule_options;

typedef struct bascule_policy {
  size_t size;
  uint32_t abi;        /* BASCULE_POLICY_ABI that the plugin was built with */
  const char* type;    /* "conflict"; as `plugin:` names it */
  const char* version; /* of the plugin, for people */
  const char* summary; /* one line, for people */

  /* Makes an instance, or reports problems and gives NULL. Also called by `bascule check`, with no
   * step to follow: it must not have effects. `host` lives as long as the instance. */
  void* (*create)(const bascule_host* host, const bascule_options* options);
  void (*destroy)(void* instance);

  /* Decides about one input. 0: done. Anything else: it failed, and nothing of the step is kept. */
  int (*decide)(void* instance, bascule_step* step, const bascule_input* input);

  /* Answers a person who asks about the state; may be NULL. `what` is one word, `about` a JSON
   * object, the answer what is given to explain(). The state is only read: what is put, emitted or
   * asked of the host is dropped. It must be quick, as everything waits meanwhile: a long answer is
   * given in portions. On the thread of decide(), between two steps.
   *
   * Where a person wants something done, it is asked about first; then it comes as a
   * BASCULE_RESOLUTION. An answer with the member "refused", a text, says why it cannot be done, or
   * what is wrong with the question. 0: answered. Not there in a plugin whose `size` ends before
   * it. */
  int (*ask)(void* instance, bascule_step* step, bascule_bytes what, bascule_bytes about);
} bascule_policy;

#if defined(_WIN32)
#define BASCULE_EXPORT __declspec(dllexport)
#else
#define BASCULE_EXPORT __attribute__((visibility("default")))
#endif

/* The one symbol of a plugin. The host says which version it speaks; NULL: the plugin needs
 * another. The answer is static. */
BASCULE_EXPORT const bascule_policy* bascule_policy_plugin(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif
