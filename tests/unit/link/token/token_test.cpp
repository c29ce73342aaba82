#include "link/token/token.hpp"

#include <doctest/doctest.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base64.hpp"
#include "support/broker.hpp"

namespace bascule::test {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ten = 1'764'237'600'000;  // 2025-11-27T10:00:00Z
const std::string header_hs256 = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";

LinkSettings settings_for(TokenKind kind, const std::string& key_file) {
  LinkSettings settings;
  settings.url = "mqtts://hub.azure-devices.net";
  settings.client_id = "store-42";
  settings.token.kind = kind;
  settings.token.key_file = key_file;
  settings.token.lasts = 1h;
  return settings;
}

std::string fault_of(const LinkSettings& settings) {
  try {
    make_token(settings, ten);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

std::string decoded(std::string part) {
  for (char& one : part) one = one == '-' ? '+' : one == '_' ? '/' : one;
  part.append((4 - part.size() % 4) % 4, '=');
  return from_base64(part).value_or("not base64");
}

const unsigned char* raw(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// What RFC 7515 has as two numbers, OpenSSL wants as a structure.
std::string as_der(const std::string& numbers) {
  ECDSA_SIG* const signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(raw(numbers), 32, nullptr),
                 BN_bin2bn(raw(numbers) + 32, 32, nullptr));
  unsigned char* bytes = nullptr;
  const auto size = i2d_ECDSA_SIG(signature, &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  ECDSA_SIG_free(signature);
  return der;
}

bool verifies(const std::string& key_file, const std::string& text, const std::string& signature) {
  std::FILE* const file = std::fopen(key_file.c_str(), "re");
  EVP_PKEY* const key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
  const bool good =
      EVP_DigestVerify(context, raw(signature), signature.size(), raw(text), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return good;
}

}  // namespace

TEST_CASE("token: a SharedAccessSignature, as Azure's own example makes it") {
  TempDir dir;
  auto settings =
      settings_for(TokenKind::azure_sas, dir.write("key", "YSBzaGFyZWQga2V5IG9mIGEgZGV2aWNl\n"));
  const std::string expected =
      "SharedAccessSignature sr=hub.azure-devices.net%2Fdevices%2Fstore-42&sig="
      "oNUPSRrTWt3mxRUGLog9ztc2qvgNIoooCA8HshO4ncM%3D&se=1764241200";
  CHECK(make_token(settings, ten) == expected);
  settings.token.resource = "hub.azure-devices.net/devices/store-42";
  settings.client_id = "another";
  CHECK(make_token(settings, ten) == expected);
  settings.token.key_file = dir.write("bad", "no base64!");
  CHECK(fault_of(settings) == "token.key_file: " + dir.file("bad") + " is no key in base64");
  settings.token.key_file = dir.file("none");
  CHECK(fault_of(settings).starts_with("token.key_file: cannot read "));
}

TEST_CASE("token: a JSON Web Token with a secret, to the letter") {
  TempDir dir;
  auto settings = settings_for(TokenKind::jwt, dir.write("key", "our secret\n"));
  settings.token.claims = {{"aud", "mqtt"}};
  CHECK(make_token(settings, ten) ==
        header_hs256 +
            "eyJhdWQiOiJtcXR0IiwiZXhwIjoxNzY0MjQxMjAwLCJpYXQiOjE3NjQyMzc2MDB9."
            "1wAdfUkMPXgwxFvmtHPwCUiCH7Bkp07QsYdZKaCF5Ws");
}

TEST_CASE("token: a private key signs as its kind does, and others are refused") {
  TempDir dir;
  const auto key = [&](const std::string& name, std::vector<std::string> options) {
    options.insert(options.begin(), {"openssl", "genpkey", "-out", dir.file(name)});
    REQUIRE(run(options) == 0);
    return dir.file(name);
  };
  const auto rsa = key("rsa", {"-algorithm", "RSA"});
  const auto p256 = key("p256", {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"});
  const auto p384 = key("p384", {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"});
  const auto locked = key("locked", {"-algorithm", "RSA", "-aes256", "-pass", "pass:open sesame"});
  for (const auto& [file, algorithm] : {std::pair{rsa, "RS256"}, std::pair{p256, "ES256"}}) {
    CAPTURE(algorithm);
    const auto token = make_token(settings_for(TokenKind::jwt, file), ten);
    const auto first = token.find('.'), last = token.rfind('.');
    CHECK(nlohmann::json::parse(decoded(token.substr(0, first)))["alg"] == algorithm);
    const auto claims = nlohmann::json::parse(decoded(token.substr(first + 1, last - first - 1)));
    CHECK(claims["iat"] == ten / 1'000);
    CHECK(claims["exp"] == ten / 1'000 + 3'600);
    const auto signature = decoded(token.substr(last + 1));
    const bool numbers = std::string(algorithm) == "ES256";
    if (numbers) REQUIRE(signature.size() == 64);
    CHECK(verifies(file, token.substr(0, last), numbers ? as_der(signature) : signature));
  }
  CHECK(fault_of(settings_for(TokenKind::jwt, p384)) ==
        "token.key_file: " + p384 + " must be an RSA key, or one on the curve P-256");
  CHECK(fault_of(settings_for(TokenKind::jwt, locked)) ==
        "token.key_file: " + locked + ": the key is encrypted; write it without a password");
}

TEST_CASE("token: is renewed in its last fifth when it is quiet, in its last twentieth anyway") {
  const std::int64_t until = ten + 3'600'000;
  const auto due = [&](std::int64_t minutes, bool quiet) {
    return renewal_due(1h, until, ten + minutes * 60'000, quiet);
  };
  CHECK_FALSE(due(47, true));
  CHECK(due(49, true));
  CHECK_FALSE(due(49, false));
  CHECK_FALSE(due(56, false));
  CHECK(due(58, false));
  CHECK(due(90, true));  // this machine's clock was put right
  CHECK_FALSE(due(-60, false));
}

TEST_CASE("token: a refusal is explained by the token's time, or by a clock in doubt") {
  const Now right{0, ten, true}, doubtful{0, ten, false};
  const auto until = [](const std::string& part) { return header_hs256 + part + ".c2ln"; };
  const auto expired = until("eyJleHAiOiAxNzY0MjM3MDAwfQ");
  const auto early = until("eyJleHAiOiAxNzY0MjQxMjAwLCAibmJmIjogMTc2NDIzOTAwMH0");
  const auto good = until("eyJleHAiOiAxNzY0MjQxMjAwfQ");
  const std::string here = "; it is 2025-11-27T10:00:00Z by this machine's clock";
  CHECK(token_doubt(expired, right) == "; the token has expired, at 2025-11-27T09:50:00Z" + here);
  CHECK(token_doubt("SharedAccessSignature sr=a&sig=b&se=1764237000", right) ==
        "; the token has expired, at 2025-11-27T09:50:00Z" + here);
  CHECK(token_doubt(early, right) == "; the token is not valid before 2025-11-27T10:23:20Z" + here);
  CHECK(token_doubt(good, right) == "");
  CHECK(token_doubt(good, doubtful) ==
        "; the token is good until 2025-11-27T11:00:00Z" + here +
            ", which no time source keeps right: compare it with the broker's");
  for (const auto* const other : {"", "open sesame", "a.b", "a.b.c", "a.e30.c", "a.W10.c"}) {
    CAPTURE(other);
    CHECK(token_doubt(other, right) == "");
  }
  CHECK(token_doubt(expired, 0x87, right) != "");
  CHECK(token_doubt(expired, 0x97, right) == "");
}

}  // namespace bascule::test
