# Writes the files of this folder into OUT, a source file that defines page_file():
#   cmake -DOUT=FILE -P embed.cmake
# A page is at its name without .html, dashboard at /; what it loads is under /page/.
set(types "html=text/html;css=text/css;js=text/javascript")
file(GLOB names RELATIVE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/*.html
     ${CMAKE_CURRENT_LIST_DIR}/*.css ${CMAKE_CURRENT_LIST_DIR}/*.js)
list(SORT names)

set(arrays "")
set(rows "")
set(number 0)
foreach(name ${names})
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${name} bytes HEX)
  file(SHA256 ${CMAKE_CURRENT_LIST_DIR}/${name} digest)
  string(SUBSTRING ${digest} 0 16 digest)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char file_${number}[] = {${bytes}};\n")
  get_filename_component(stem ${name} NAME_WE)
  get_filename_component(ending ${name} LAST_EXT)
  string(SUBSTRING ${ending} 1 -1 ending)
  set(type ${types})
  list(FILTER type INCLUDE REGEX "^${ending}=")
  string(REGEX REPLACE ".*=" "" type "${type}")
  set(path /page/${name})
  if(name STREQUAL dashboard.html)
    set(path /)
  elseif(ending STREQUAL html)
    set(path /${stem})
  endif()
  string(APPEND rows "    {\"${path}\", \"${type}; charset=utf-8\", \"\\\"${digest}\\\"\", "
         "content_of(file_${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUT} "// Made by bridge/control/page/embed.cmake.
#include \"control/page/page_file.hpp\"

#include <algorithm>
#include <cstddef>

namespace bascule {
namespace {

${arrays}
template <std::size_t size>
std::string_view content_of(const unsigned char (&bytes)[size]) {
  return {reinterpret_cast<const char*>(bytes), size};
}

const PageFile files[] = {
${rows}};

}  // namespace

const PageFile* page_file(std::string_view path) {
  const auto* const found = std::ranges::find(files, path, &PageFile::path);
  return found == std::ranges::end(files) ? nullptr : found;
}

}  // namespace bascule
")
