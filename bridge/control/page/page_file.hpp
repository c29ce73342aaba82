// The files of the web pages: dashboard, cases, losers, fleet, with their scripts and style. They
// are built into the program from this folder, and hold no data: what a page shows it asks the API,
// with the token that somebody has given it.
#pragma once

#include <string_view>

namespace bascule {

// Lives as long as the program.
struct PageFile {
  std::string_view path;  // where it is asked for: "/", "/cases", "/page/api.js"
  std::string_view type;  // of its content
  std::string_view etag;  // changes with the content; with its quotes
  std::string_view content;
};

// What a page may load and do: scripts and style of its own, questions to this bridge, and no more.
inline constexpr const char* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

// Null: there is no such file. Any thread.
const PageFile* page_file(std::string_view path);

}  // namespace bascule
