// Decides who comes in over TCP. It takes the part of a stranger on the network, and of a page that
// a browser of ours has open: the Host must be a name of ours (else a foreign name could be pointed
// at us: DNS rebinding), the Origin must be our own, a token must be shown, and its role must
// allow the method. What is refused is logged, folded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/http/token_file.hpp"
#include "control/settings.hpp"
#include "fold.hpp"

namespace bascule {

// What of a request decides; names as in RFC 9110 and Fetch. Empty: the header is not there.
struct RequestHead {
  std::string peer;  // an address, for the log
  std::string method;
  std::string host;
  std::string origin;
  std::string fetch_site;  // Sec-Fetch-Site
  std::string authorization;
  // A file of the pages, which holds no data, is asked for: a browser shows no token then, and a
  // link on another site may lead there.
  bool page = false;
};

struct Denial {
  unsigned status = 403;
  std::string why;  // for the client, with what to do
};

// One thread.
class Access {
 public:
  explicit Access(const HttpSettings& settings);

  // Nothing: it may, and `holder` is whose token was shown; of a page it stays as it was. 401: no
  // token of ours; 403: not this role, or a page of another origin; 421: a Host that is none of
  // ours; 503: the token file cannot be used, and the log has why.
  std::optional<Denial> denial(const RequestHead& head, Holder& holder);

 private:
  std::optional<Denial> judge(const RequestHead& head, Holder& holder);

  std::string scheme_;
  std::vector<std::string> hosts_;
  TokenFile tokens_;
  Fold refused_, unusable_;
};

}  // namespace bascule
