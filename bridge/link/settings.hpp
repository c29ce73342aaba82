// What the configuration says of one broker, and how far the bridge may go there: at a service that
// is not the operator's own it is a guest with few rights. config/guest.hpp reads what a guest
// needs, and what the profile of a service sets.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "link/broker_kind.hpp"
#include "message/message.hpp"
#include "text/words.hpp"

namespace bascule {

enum class Protocol : std::uint8_t { automatic = 0, v3_1_1 = 4, v5 = 5 };  // as in CONNECT
inline constexpr Word<Protocol> protocol_words[] = {
    {"auto", Protocol::automatic}, {"5", Protocol::v5}, {"3.1.1", Protocol::v3_1_1}};

// What a broker has spoken in the past: not 5 where it was 3.1.1, though 5 was tried.
enum class Spoken : std::uint8_t { unknown, v3_1_1, v5 };

enum class Client : std::uint8_t { automatic, native, paho };
inline constexpr Word<Client> client_words[] = {
    {"auto", Client::automatic}, {"native", Client::native}, {"paho", Client::paho}};

// Whether what a broker retains is compared with what has crossed after each gap, or only what a
// session brings is believed: crossing/retained_comparison.hpp.
enum class AfterGap : std::uint8_t { compare, trust };
inline constexpr Word<AfterGap> after_gap_words[] = {{"compare", AfterGap::compare},
                                                     {"trust", AfterGap::trust}};

// A service whose published limits are the defaults of a link.
enum class Profile : std::uint8_t {
  none,
  aws_iot,
  azure_event_grid,
  azure_iot_hub,
  hivemq_cloud,
  emqx_serverless,
  thingsboard,
};
inline constexpr Word<Profile> profile_words[] = {{"none", Profile::none},
                                                  {"aws-iot", Profile::aws_iot},
                                                  {"azure-event-grid", Profile::azure_event_grid},
                                                  {"azure-iot-hub", Profile::azure_iot_hub},
                                                  {"hivemq-cloud", Profile::hivemq_cloud},
                                                  {"emqx-serverless", Profile::emqx_serverless},
                                                  {"thingsboard", Profile::thingsboard}};

struct TlsSettings {
  std::string ca_file;            // empty: the system's store
  std::string cert_file;          // client certificate chain, PEM
  std::string key_file;           // PEM, or a pkcs11: URI (RFC 7512)
  std::string key_password_file;  // of the key, or the PIN of its token; empty: it has none
  std::string server_name;        // for SNI and the certificate; empty: the URL's host
  std::vector<std::string> alpn;  // protocols in order of preference; empty: none is offered
  bool insecure = false;          // true: any certificate is taken

  bool operator==(const TlsSettings&) const = default;
};

// What stands between us and the broker.
struct ProxySettings {
  std::string url;            // http:// or socks5://[user@]host[:port]; empty: none
  std::string password_file;  // read at each connect

  bool operator==(const ProxySettings&) const = default;
};

// A password that the bridge makes itself at each connect, and again before it ends.
enum class TokenKind : std::uint8_t { none, azure_sas, jwt };
inline constexpr Word<TokenKind> token_kind_words[] = {
    {"none", TokenKind::none}, {"azure-sas", TokenKind::azure_sas}, {"jwt", TokenKind::jwt}};

struct TokenSettings {
  TokenKind kind = TokenKind::none;
  std::string key_file;  // azure-sas: the shared key in base64; jwt: a private key in PEM (RS256,
                         // ES256), or else a secret (HS256)
  std::chrono::milliseconds lasts{std::chrono::hours(1)};
  std::string resource;                       // azure-sas: HOST/devices/DEVICE; empty: made of both
  std::map<std::string, std::string> claims;  // jwt: beside iat and exp

  bool operator==(const TokenSettings&) const = default;
};

// Enhanced authentication of MQTT 5 (section 4.12) in one step: the data is a token that another
// program writes. When the file changes, AUTH re-authenticates.
struct AuthSettings {
  std::string method;  // empty: none
  std::string data_file;

  bool operator==(const AuthSettings&) const = default;
};

// One of the topics on which the bridge speaks for itself.
struct OwnTopic {
  bool on = true;
  std::string topic;  // empty: by its name below the prefix

  bool operator==(const OwnTopic&) const = default;
};

// message/own.hpp makes topics of it.
struct OwnTopics {
  std::string prefix;  // without a slash at the end; empty: bascule/{id}
  OwnTopic state;
  OwnTopic bookmark;
  OwnTopic events;
  OwnTopic summary;
  bool will = true;
  // Bookmarks are at least so far apart; 0: as the forwarder likes.
  std::chrono::milliseconds bookmark_every{0};

  bool operator==(const OwnTopics&) const = default;
};

// Each 0: no limit.
struct TopicLimits {
  std::uint32_t levels = 0;
  std::uint32_t bytes = 0;

  bool operator==(const TopicLimits&) const = default;
};

// Of all that is published on a link, the bridge's own messages included. Each 0: no limit.
struct LinkRate {
  double messages_per_s = 0;
  double bytes_per_s = 0;  // of topics and payloads

  bool operator==(const LinkRate&) const = default;
};

// How many filters a broker takes. Each 0: no limit.
struct SubscriptionLimits {
  std::uint32_t at_once = 0;  // in one SUBSCRIBE
  std::uint32_t total = 0;    // of one session

  bool operator==(const SubscriptionLimits&) const = default;
};

struct Will {
  std::string topic;
  std::string payload;
  Qos qos = Qos::at_least_once;
  bool retain = true;

  bool operator==(const Will&) const = default;
};

struct LinkSettings {
  std::string name;                     // "site" or "central", for logs and status
  std::string url;                      // mqtt, mqtts, ws, wss or mqtt+unix
  std::vector<std::string> other_urls;  // of the same broker, tried in order when `url` fails
  Profile profile = Profile::none;
  Client client = Client::automatic;
  std::string client_id;
  std::string username;       // empty: none
  std::string password_file;  // read at each connect, so that a new secret needs no restart
  TokenSettings token;        // in place of a password
  AuthSettings auth;
  TlsSettings tls;
  ProxySettings proxy;
  std::string bind_address;  // numeric; empty: the system chooses
  Protocol protocol = Protocol::automatic;
  std::chrono::milliseconds keep_alive{30'000};
  std::chrono::milliseconds session_expiry{std::chrono::hours(24 * 30)};
  AfterGap retained = AfterGap::compare;
  BrokerKind broker = BrokerKind::automatic;
  bool keep_session = true;  // false: a new session at each connect, which ends with it
  std::chrono::milliseconds reconnect_min{1'000};
  std::chrono::milliseconds reconnect_max{60'000};
  std::uint32_t window = 1'000;  // publishes in flight
  // After the broker has forgotten our session, nothing is sent for so long, or until a message
  // comes to the topic, if there is one: whoever receives there has lost his session, too.
  std::chrono::milliseconds settle{0};
  std::string settle_topic;
  std::chrono::milliseconds slow_after{2'000};  // acknowledgements slower than this: state is slow
  std::uint32_t max_payload_bytes = 16 << 20;   // of what is larger, only the head is handed in

  // As a guest. What is published is held to these.
  Qos max_qos = Qos::exactly_once;              // of publishes and subscriptions
  bool retain = true;                           // false: never with the retain flag
  std::uint32_t publish_max_payload_bytes = 0;  // 0: no limit
  TopicLimits topic_limits;
  LinkRate rate;
  SubscriptionLimits subscription_limits;
  OwnTopics own_topics;

  bool stamp = true;  // false: what is forwarded there has none (message/stamp.hpp)
  Spoken spoken = Spoken::unknown;
  std::optional<Will> will;

  bool operator==(const LinkSettings&) const = default;
};

}  // namespace bascule
