// Enhanced authentication (MQTT 5, section 4.12) on one connection, in one step: CONNECT shows what
// auth.data_file has, and AUTH shows it again when that changes. A broker that asks for another
// step gets the same once more. On the loop's thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "link/codec/encode.hpp"
#include "link/native/transport/credentials.hpp"
#include "link/settings.hpp"

namespace bascule {

class Authentication {
 public:
  Authentication(const LinkSettings& settings, Credentials& credentials)
      : settings_(settings), credentials_(credentials) {}

  // Into CONNECT, if it is wanted. Throws std::runtime_error with one sentence where there is
  // nothing to show, as again() does.
  void begin(ConnectPacket& packet);
  void welcomed() { shown_ = Shown::nothing; }
  // The broker has not taken yet what it was shown, and may answer by AUTH.
  bool under_way() const { return shown_ != Shown::nothing; }
  // Appends an AUTH; nothing, where it is not wanted.
  void again(std::string& out);

  // An AUTH of the broker while it is under way, perhaps before it has welcomed us; its answer is
  // appended.
  struct Taken {
    bool done = false;  // the broker has taken what again() has shown
    std::string fault;  // of the broker; empty: none
  };
  Taken take(std::string_view body, bool welcomed, std::string& out);

 private:
  void show(std::uint8_t reason, std::string& out);

  const LinkSettings& settings_;
  Credentials& credentials_;
  bool wanted_ = false;
  enum class Shown : std::uint8_t { nothing, once, twice } shown_ = Shown::nothing;
};

}  // namespace bascule
