#include "control/http/access.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "support/broker.hpp"

using namespace bascule;

namespace {

const std::string looker = "Bearer 3f1d9c0b7a5e4d21a0c4";
const std::string changer = "Bearer 9ac4e1d27f5b60c83a7e";

struct Door {
  test::TempDir dir;
  HttpSettings settings{"127.0.0.1",
                        8642,
                        dir.write("tokens",
                                  "# who may ask\nlook grafana 3f1d9c0b7a5e4d21a0c4\n\n"
                                  "change office 9ac4e1d27f5b60c83a7e\n"),
                        "",
                        "",
                        {"box.example.net:443"}};
  Access access{settings};

  // 0: it may.
  Holder holder;  // who came in last
  unsigned status(const RequestHead& head) {
    const auto denial = access.denial(head, holder);
    return denial ? denial->status : 0;
  }
};

RequestHead head(const std::string& method, const std::string& authorization) {
  return {"10.0.0.9", method, "127.0.0.1:8642", "", "", authorization};
}

}  // namespace

TEST_CASE("access: a token's role decides what it may") {
  Door door;
  CHECK(door.status(head("GET", looker)) == 0);
  CHECK(door.status(head("POST", looker)) == 403);
  CHECK(door.status(head("GET", changer)) == 0);
  CHECK(door.status(head("POST", changer)) == 0);
  CHECK(door.status(head("GET", "bearer" + looker.substr(6))) == 0);  // a scheme has no case
  for (const std::string wrong :
       {"", "Bearer", "Bearer ", "Bearer 3f1d9c0b7a5e4d21a0c", "Bearer 3f1d9c0b7a5e4d21a0c4 ",
        "Bearer 3F1D9C0B7A5E4D21A0C4", "Bearer grafana", "Basic 3f1d9c0b7a5e4d21a0c4",
        "3f1d9c0b7a5e4d21a0c4", "Bearer #"}) {
    CHECK_MESSAGE(door.status(head("GET", wrong)) == 401, wrong);
  }
}

TEST_CASE("access: only a Host of ours is answered, whoever points its name at us") {
  Door door;
  const auto with_host = [&](const std::string& host) {
    RequestHead asks = head("GET", looker);
    asks.host = host;
    return door.status(asks);
  };
  for (const std::string ours : {"127.0.0.1:8642", "localhost:8642", "LocalHost:8642", "[::1]:8642",
                                 "box.example.net:443"}) {
    CHECK_MESSAGE(with_host(ours) == 0, ours);
  }
  for (const std::string other : {"", "127.0.0.1", "localhost", "localhost:80", "evil.example:8642",
                                  "127.0.0.1:8642.evil.example", "box.example.net",
                                  "box.example.net:443/", "127.0.0.1:8642,evil"}) {
    CHECK_MESSAGE(with_host(other) == 421, other);
  }
}

TEST_CASE("access: a page of another origin is refused, whatever token it has") {
  Door door;
  const auto of_page = [&](const std::string& origin, const std::string& site) {
    RequestHead asks = head("POST", changer);
    asks.origin = origin;
    asks.fetch_site = site;
    return door.status(asks);
  };
  CHECK(of_page("http://127.0.0.1:8642", "same-origin") == 0);
  CHECK(of_page("", "none") == 0);
  CHECK(of_page("http://evil.example", "") == 403);
  CHECK(of_page("https://127.0.0.1:8642", "") == 403);  // another scheme
  CHECK(of_page("http://localhost:8642", "") == 403);   // not the Host that it asks
  CHECK(of_page("null", "") == 403);
  CHECK(of_page("", "cross-site") == 403);
  CHECK(of_page("", "same-site") == 403);
}

TEST_CASE(
    "access: a changed token file counts from the next request on; a wrong one lets nobody in") {
  Door door;
  CHECK(door.status(head("GET", looker)) == 0);
  door.dir.write("tokens", "look other 00000000000000000000000\n");
  CHECK(door.status(head("GET", looker)) == 401);
  CHECK(door.status(head("GET", "Bearer 00000000000000000000000")) == 0);
  for (const std::string wrong : {"admin a 3f1d9c0b7a5e4d21a0c4\n", "look 3f1d9c0b7a5e4d21a0c4\n",
                                  "look a b 3f1d9c0b7a5e4d21a0c4\n", "look a short\n"}) {
    door.dir.write("tokens", "change office 9ac4e1d27f5b60c83a7e\n" + wrong);
    CHECK_MESSAGE(door.status(head("GET", changer)) == 503, wrong);
  }
  ::unlink(door.settings.token_file.c_str());
  CHECK(door.status(head("GET", changer)) == 503);
}

TEST_CASE("access: what is wrong with a token file is said without a token") {
  test::TempDir dir;
  TokenFile tokens(dir.write("tokens", "\nchange office secret-too-short\n"));
  try {
    tokens.holder_of("x");
    FAIL("it was read");
  } catch (const std::runtime_error& wrong) {
    const std::string text = wrong.what();
    CHECK(text.find("wrong line 2") != text.npos);
    CHECK(text.find("secret") == text.npos);
  }
}

TEST_CASE("access: the holder of a token is known, and none of a page's file") {
  Door door;
  CHECK(door.status(head("GET", looker)) == 0);
  CHECK(door.holder.name == "grafana");
  CHECK(door.holder.role == Role::look);
  RequestHead page = head("GET", "");
  page.page = true;
  page.fetch_site = "cross-site";  // a link of another site leads there
  CHECK(door.status(page) == 0);
  CHECK(door.holder.name == "grafana");
  page.host = "evil.example";
  CHECK(door.status(page) == 421);
}
