cmake_minimum_required(VERSION 3.25)

# Writes the files of this folder into OUT, a source file that defines page_file():
#   cmake -DOUT=FILE -P embed.cmake
# A page is at its name without .html, dashboard at /; what it loads is under /page/. frame.html is
# around each page: it has the name of the page as @title@, of its script as @stem@, and the rest as
# @content@.
set(types "html=text/html;css=text/css;js=text/javascript")
file(GLOB names RELATIVE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/*.html
     ${CMAKE_CURRENT_LIST_DIR}/*.css ${CMAKE_CURRENT_LIST_DIR}/*.js)
list(REMOVE_ITEM names frame.html)
list(SORT names)
file(READ ${CMAKE_CURRENT_LIST_DIR}/frame.html frame HEX)

# In `bytes`, which are in hexadecimal, as all that is read: a text may have any character.
macro(put word value)
  string(HEX "@${word}@" place)
  string(REPLACE ${place} ${value} bytes ${bytes})
endmacro()

set(arrays "")
set(rows "")
set(number 0)
foreach(name ${names})
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${name} bytes HEX)
  get_filename_component(stem ${name} NAME_WE)
  get_filename_component(ending ${name} LAST_EXT)
  string(SUBSTRING ${ending} 1 -1 ending)
  if(ending STREQUAL html)
    string(SUBSTRING ${stem} 0 1 initial)
    string(TOUPPER ${initial} initial)
    string(SUBSTRING ${stem} 1 -1 others)
    string(HEX ${initial}${others} title)
    string(HEX ${stem} script)
    set(content ${bytes})
    set(bytes ${frame})
    put(title ${title})
    put(stem ${script})
    put(content ${content})
  endif()
  string(SHA256 digest ${bytes})
  string(SUBSTRING ${digest} 0 16 digest)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char file_${number}[] = {${bytes}};\n")
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
