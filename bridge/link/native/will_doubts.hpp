// A broker that refuses the will refuses the connection, mostly by a code that other things have as
// well, as a user without rights. So the next attempt is made without the will. Is that taken, it
// is ended, and the next one has the will again: what was wrong may be over by then, as a password
// that changed at both sides. Only when that is refused, too, the will is left out.
#pragma once

#include <cstdint>

namespace bascule {

class WillDoubts {
 public:
  // How much of the will the broker is asked to take. plain: it does not take one that is retained,
  // or has a QoS.
  enum class Form : std::uint8_t { whole, plain, none };

  Form form() const { return form_; }
  // With which the broker refused the will.
  std::uint8_t code() const { return code_; }

  void not_whole() { form_ = Form::plain; }
  // The connection was refused with a code that may be over the will.
  void refused(std::uint8_t code) {
    code_ = code;
    certain_ = tries_again_ && form_ != Form::none;
    tries_again_ = false;
    form_ = form_ == Form::none ? Form::whole : Form::none;
  }
  // The connection was taken. True: it is to be ended, and made with the will.
  bool taken() {
    tries_again_ = form_ == Form::none && !certain_;
    if (tries_again_) form_ = Form::whole;
    return tries_again_;
  }

 private:
  Form form_ = Form::whole;
  std::uint8_t code_ = 0;
  bool tries_again_ = false;  // one was taken without; this is the next
  bool certain_ = false;
};

}  // namespace bascule
