#include "link/native/transport/token_key.hpp"

#include <libp11.h>
#include <openssl/err.h>

#include <map>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "text/wording.hpp"

namespace bascule {

namespace {

[[noreturn]] void complain(const std::string& what) {
  throw std::runtime_error("tls.key_file: " + what);
}

std::string last_reason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "it does not say why";
}

bool fits(const std::string& wanted, const char* found) {
  return wanted.empty() || (found != nullptr && wanted == found);
}

bool fits(const Pkcs11Uri& uri, const PKCS11_TOKEN& token) {
  return fits(uri.token, token.label) && fits(uri.manufacturer, token.manufacturer) &&
         fits(uri.model, token.model) && fits(uri.serial, token.serialnr);
}

bool fits(const Pkcs11Uri& uri, const PKCS11_KEY& key) {
  const std::string_view id(reinterpret_cast<const char*>(key.id), key.id_len);
  return fits(uri.object, key.label) && (uri.id.empty() || uri.id == id);
}

// Of one library. Used by one thread at a time.
class Module {
 public:
  explicit Module(const std::string& path) : context_(PKCS11_CTX_new()) {
    if (PKCS11_CTX_load(context_, path.c_str()) == 0) return;
    PKCS11_CTX_free(context_);
    ERR_clear_error();
    complain("cannot load the PKCS#11 module " + path +
             "; install the package of the token's module and p11-kit-modules, or name the module "
             "in the URI: ?module-path=/usr/lib/…/module.so");
  }

  PrivateKey find(const Pkcs11Uri& uri, const std::string& pin) {
    const bool fresh = slots_ == nullptr;
    try {
      return look(uri, pin);
    } catch (const std::runtime_error&) {
      if (fresh) throw;
    }
    // What is known of a token is wrong once it was taken out.
    PKCS11_release_all_slots(context_, slots_, count_);
    slots_ = nullptr;
    count_ = 0;
    return look(uri, pin);
  }

 private:
  // The list of slots is kept, for keys that are in use have their sessions in it; libp11 0.4.12
  // breaks one of several slots when it is to bring it up to date.
  PrivateKey look(const Pkcs11Uri& uri, const std::string& pin) {
    ERR_clear_error();
    if (slots_ == nullptr && PKCS11_enumerate_slots(context_, &slots_, &count_) != 0) {
      complain("the PKCS#11 module shows no slots: " + last_reason());
    }
    std::vector<std::string> tokens;
    for (PKCS11_SLOT& slot : std::span(slots_, count_)) {
      if (slot.token == nullptr || !slot.token->initialized) continue;
      if (fits(uri, *slot.token)) return key_of(slot, uri, pin);
      tokens.emplace_back(slot.token->label);
    }
    complain("no token fits the pkcs11 URI" +
             (uri.token.empty() ? "" : " (token=" + uri.token + ")") + "; " +
             (tokens.empty() ? "there is none at all" : "there are: " + comma_list(tokens)));
  }

  PrivateKey key_of(PKCS11_SLOT& slot, const Pkcs11Uri& uri, const std::string& pin) {
    const std::string token = slot.token->label;
    if (slot.token->loginRequired) log_in(slot, pin);
    PKCS11_KEY* keys = nullptr;
    unsigned count = 0;
    if (PKCS11_enumerate_keys(slot.token, &keys, &count) != 0) {
      complain("the token " + token + " does not show its keys: " + last_reason());
    }
    for (PKCS11_KEY& key : std::span(keys, count)) {
      if (!fits(uri, key)) continue;
      if (PrivateKey found{PKCS11_get_private_key(&key)}) return found;
      complain("the key on the token " + token + " cannot be used: " + last_reason());
    }
    complain("the token " + token + " has no private key that fits the pkcs11 URI" +
             (uri.object.empty() ? "" : " (object=" + uri.object + ")"));
  }

  void log_in(PKCS11_SLOT& slot, const std::string& pin) {
    const std::string token = slot.token->label;
    int logged_in = 0;
    if (PKCS11_is_logged_in(&slot, 0, &logged_in) == 0 && logged_in != 0) return;
    if (pin.empty()) {
      complain("the token " + token +
               " wants its PIN; write it into a file, and name that as tls.key_password_file");
    }
    auto& refused = refused_[slot.token->serialnr];
    if (refused.pin != pin) refused = {};
    if (refused.why.empty() && PKCS11_login(&slot, 0, pin.c_str()) != 0) {
      refused = {pin, last_reason()};
    }
    if (refused.why.empty()) return;
    complain("the token " + token + " refuses the PIN in tls.key_password_file: " + refused.why +
             "; it is not tried again until the file changes");
  }

  struct Refused {
    std::string pin, why;
  };

  PKCS11_CTX* const context_;
  PKCS11_SLOT* slots_ = nullptr;
  unsigned count_ = 0;
  std::map<std::string, Refused> refused_;  // by the token's serial number
};

}  // namespace

// The modules outlive every static object: links may end late, and their keys with them.
PrivateKey find_token_key(const Pkcs11Uri& uri, const std::string& pin) {
  static auto* const mutex = new std::mutex;
  static auto* const modules = new std::map<std::string, Module>;
  const std::lock_guard lock(*mutex);
  return modules->try_emplace(uri.module, uri.module).first->second.find(uri, pin);
}

}  // namespace bascule
