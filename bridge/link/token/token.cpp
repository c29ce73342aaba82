#include "link/token/token.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "base64.hpp"
#include "link/connect_settings.hpp"
#include "link/reason.hpp"
#include "link/token/signature.hpp"
#include "link/url.hpp"
#include "text/time.hpp"

namespace bascule {

namespace {

constexpr std::string_view sas_name = "SharedAccessSignature ";

std::string in_url(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char one : text) {
    const auto byte = static_cast<unsigned char>(one);
    if (plain.find(one) != plain.npos) {
      encoded += one;
    } else {
      encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return encoded;
}

// As RFC 7515 has it: two other letters, and no padding.
std::string to_base64_url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& one : text) one = one == '+' ? '-' : one == '/' ? '_' : one;
  return text;
}

std::optional<std::string> from_base64_url(std::string_view text) {
  std::string padded(text);
  for (char& one : padded) one = one == '-' ? '+' : one == '_' ? '/' : one;
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

std::string azure_sas(const LinkSettings& settings, std::int64_t until_s) {
  const TokenSettings& token = settings.token;
  const auto key = from_base64(read_password(token.key_file, "token.key_file"));
  if (!key) {
    throw std::runtime_error("token.key_file: " + token.key_file + " is no key in base64");
  }
  const std::string where = in_url(sas_resource(settings)), until = std::to_string(until_s);
  const std::string signature = to_base64(hmac_sha256(*key, where + "\n" + until));
  return std::string(sas_name) + "sr=" + where + "&sig=" + in_url(signature) + "&se=" + until;
}

std::string jwt(const TokenSettings& token, std::int64_t from_s, std::int64_t until_s) {
  const SigningKey key(token.key_file);
  nlohmann::json claims(token.claims);
  claims["iat"] = from_s;
  claims["exp"] = until_s;
  const nlohmann::json header{{"alg", key.algorithm()}, {"typ", "JWT"}};
  const std::string text = to_base64_url(header.dump()) + "." + to_base64_url(claims.dump());
  return text + "." + to_base64_url(key.sign(text));
}

// In ms since 1970 UTC; 0: it does not say.
struct Validity {
  std::int64_t from_ms = 0, until_ms = 0;
};

std::optional<Validity> validity_of_sas(std::string_view text) {
  if (!text.starts_with(sas_name)) return std::nullopt;
  const auto place = text.find("&se=");
  std::int64_t until_s = 0;
  if (place == text.npos) return std::nullopt;
  std::from_chars(text.data() + place + 4, text.data() + text.size(), until_s);
  return Validity{0, until_s * 1'000};
}

std::optional<Validity> validity_of_jwt(std::string_view text) {
  const auto first = text.find('.'), last = text.rfind('.');
  if (first == text.npos || first == last) return std::nullopt;
  const auto payload = from_base64_url(text.substr(first + 1, last - first - 1));
  const auto claims = nlohmann::json::parse(payload.value_or(""), nullptr, false);
  if (!claims.is_object()) return std::nullopt;
  const auto time = [&](const char* name) -> std::int64_t {
    constexpr double latest_s = 1e11;  // in the year 5138
    const auto found = claims.find(name);
    if (found == claims.end() || !found->is_number()) return 0;
    const double seconds = found->get<double>();
    return seconds > 0 && seconds < latest_s ? static_cast<std::int64_t>(seconds * 1'000) : 0;
  };
  const auto from_ms = claims.contains("nbf") ? time("nbf") : time("iat");
  return Validity{from_ms, time("exp")};
}

}  // namespace

std::string make_token(const LinkSettings& settings, std::int64_t wall_ms) {
  const auto from_s = wall_ms / 1'000;
  const auto until_s = (wall_ms + settings.token.lasts.count()) / 1'000;
  if (settings.token.kind == TokenKind::azure_sas) return azure_sas(settings, until_s);
  return jwt(settings.token, from_s, until_s);
}

std::string sas_resource(const LinkSettings& settings) {
  if (!settings.token.resource.empty()) return settings.token.resource;
  const auto url = parse_url(settings.url);
  return (url ? url->host : "") + "/devices/" + settings.client_id;
}

bool renewal_due(std::chrono::milliseconds lasts, std::int64_t until_ms, std::int64_t wall_ms,
                 bool quiet) {
  const auto left_ms = until_ms - wall_ms;
  return left_ms < lasts.count() / (quiet ? 5 : 20);
}

std::string token_doubt(std::string_view shown, const Now& at) {
  auto time = validity_of_sas(shown);
  if (!time) time = validity_of_jwt(shown);
  if (!time) return "";
  const std::string here = "; it is " + utc_text(at.wall_ms) + " by this machine's clock";
  if (time->until_ms != 0 && time->until_ms <= at.wall_ms) {
    return "; the token has expired, at " + utc_text(time->until_ms) + here;
  }
  if (time->from_ms > at.wall_ms) {
    return "; the token is not valid before " + utc_text(time->from_ms) + here;
  }
  if (at.synchronized) return "";
  return "; the token is good until " + utc_text(time->until_ms) + here +
         ", which no time source keeps right: compare it with the broker's";
}

std::string token_doubt(std::string_view shown, std::uint8_t code, const Now& at) {
  const bool about_us = code == reason::bad_password || code == reason::not_authorized ||
                        code == reason::bad_authentication_method ||
                        code == reason::maximum_connect_time;
  return about_us ? token_doubt(shown, at) : "";
}

}  // namespace bascule
