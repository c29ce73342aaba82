// Certificates for brokers under test.
#pragma once

#include <string>

#include "support/broker.hpp"

namespace bascule::test {

// A CA, and certificates that it signed for `localhost`.
struct Certificates {
  Certificates() {
    const auto ca = dir.file("ca");
    made = run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test CA",
                "-days", "9", "-keyout", ca + ".key", "-out", ca + ".crt"}) == 0;
    dir.write("extensions", "subjectAltName=DNS:localhost\n");
  }

  // The lines of a broker's configuration; `days` below 0: expired.
  std::string broker(int days) {
    const auto name = dir.file(days < 0 ? "expired" : "good");
    made = made &&
           run({"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
                "-keyout", name + ".key", "-out", name + ".csr"}) == 0 &&
           run({"openssl", "x509", "-req", "-in", name + ".csr", "-CA", dir.file("ca.crt"),
                "-CAkey", dir.file("ca.key"), "-CAcreateserial", "-days", std::to_string(days),
                "-extfile", dir.file("extensions"), "-out", name + ".crt"}) == 0;
    return "certfile " + name + ".crt\nkeyfile " + name + ".key\nallow_anonymous true\n";
  }

  // A client's NAME.key and NAME.crt.
  void client(const std::string& name) {
    const auto file = dir.file(name);
    made =
        made &&
        run({"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout",
             file + ".key", "-out", file + ".csr"}) == 0 &&
        run({"openssl", "x509", "-req", "-in", file + ".csr", "-CA", dir.file("ca.crt"), "-CAkey",
             dir.file("ca.key"), "-CAcreateserial", "-days", "9", "-out", file + ".crt"}) == 0;
  }

  TempDir dir;
  bool made = false;
};

}  // namespace bascule::test
