#include "sdk/unicode.hpp"

#include <doctest/doctest.h>

namespace bascule::sdk {

TEST_CASE("unicode: texts that differ in case or in form alone are one") {
  const auto mueller = folded("m\u00fcller");
  for (const auto* text : {"M\u00dcLLER", "M\u00fcller", "Mu\u0308ller", "\uff2d\u00fcller"}) {
    CHECK_MESSAGE(folded(text) == mueller, text);
  }
  CHECK(folded("Muller") != mueller);
  CHECK(folded("STRASSE") == folded("stra\u00dfe"));
  CHECK(folded("\u1e9e") == "ss");
  CHECK(folded("\ufb01sh") == "fish");
  CHECK(folded("\uff11\uff12") == "12");
  CHECK(folded("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2") ==
        folded("\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"));
  CHECK(folded("") == "");
  CHECK(folded("a\xff") == "a\xff");
}

TEST_CASE("unicode: white space of any kind is one space, and none at the ends") {
  CHECK(spaced("  a \t\n b\u00a0\u3000c ") == "a b c");
  CHECK(spaced("a\u2028b\u1680c") == "a b c");
  CHECK(spaced(" \u00a0") == "");
  CHECK(spaced("a\xff b") == "a\xff b");
}

}  // namespace bascule::sdk
