# embed(folder output.cc): every file below `folder` becomes a ConsoleAsset (src/server/console_assets.h). A
# name that ends in .gz is stored compressed under the name without it.
function(embed folder output)
  set(type_html "text/html; charset=utf-8")
  set(type_js "text/javascript; charset=utf-8")
  set(type_css "text/css; charset=utf-8")
  set(type_svg "image/svg+xml")
  file(GLOB_RECURSE files RELATIVE ${folder} ${folder}/*)
  list(SORT files)
  set(arrays "")
  set(rows "")
  set(number 0)
  foreach(file ${files})
    file(READ ${folder}/${file} bytes HEX)
    file(SHA256 ${folder}/${file} hash)
    string(SUBSTRING ${hash} 0 16 hash)
    string(LENGTH "${bytes}" size)
    math(EXPR size "${size} / 2")
    string(REGEX REPLACE "(................................................................)" "\\1\"\n    \"" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
    set(gzip false)
    set(path ${file})
    if(file MATCHES "\\.gz$")
      set(gzip true)
      string(REGEX REPLACE "\\.gz$" "" path ${file})
    endif()
    set(named false)
    if(path MATCHES "^assets/")  # build.mjs names these after their content
      set(named true)
    endif()
    string(REGEX REPLACE "^.*\\." "" suffix ${path})
    if(NOT DEFINED type_${suffix})
      message(FATAL_ERROR "web console: no content type for ${path}")
    endif()
    string(APPEND arrays "constexpr char kFile${number}[] =\n    \"${bytes}\";\n")
    string(APPEND rows "    {\"${path}\", \"${type_${suffix}}\", \"\\\"${hash}\\\"\", {kFile${number}, ${size}}, ${gzip}, ${named}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(WRITE ${output} "// Written by cmake/console_embed.cmake.
#include \"server/console_assets.h\"

namespace drover::server {
namespace {

${arrays}
constexpr ConsoleAsset kAssets[] = {
${rows}};

}  // namespace

std::span<const ConsoleAsset> console_assets() {
  return kAssets;
}

}  // namespace drover::server
")
endfunction()
