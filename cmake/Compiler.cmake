# Compiler settings shared by every target: warnings are errors, mold links, ccache remembers.
add_library(medperf_flags INTERFACE)
target_compile_options(medperf_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                               -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these inside inlined code of the standard library.
  target_compile_options(medperf_flags INTERFACE
    -Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-array-bounds
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-free-nonheap-object)
endif()
target_compile_definitions(medperf_flags INTERFACE MEDPERF_VERSION="${PROJECT_VERSION}"
                                                   SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
target_include_directories(medperf_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(NOT MEDPERF_SANITIZE STREQUAL "")
  add_compile_options(-fsanitize=${MEDPERF_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MEDPERF_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong)
  add_link_options(-Wl,-z,relro)
endif()

if(MEDPERF_FUZZ)
  # Coverage in every room, so that the fuzzer sees the branches behind its entry point.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# ccache cannot look into precompiled headers.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT MEDPERF_PRECOMPILE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  add_link_options(-fuse-ld=mold)
endif()

# The headers that most sources begin with. Every room uses the same precompiled copy, every unit test another.
if(MEDPERF_PRECOMPILE)
  find_package(fmt REQUIRED)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
  add_library(medperf_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(medperf_precompiled PUBLIC medperf_flags fmt::fmt)
  set(MEDPERF_COMMON_HEADERS
    <algorithm> <array> <chrono> <filesystem> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <utility> <variant> <vector> <fmt/format.h>
    ${CMAKE_SOURCE_DIR}/src/base/json.h ${CMAKE_SOURCE_DIR}/src/base/files.h)
  target_precompile_headers(medperf_precompiled PRIVATE ${MEDPERF_COMMON_HEADERS})
endif()

# use_precompiled(TARGET): after its libraries are named.
function(use_precompiled target)
  if(MEDPERF_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM medperf_precompiled)
  endif()
endfunction()

# test_program(TARGET): after its libraries are named. Unit tests are compiled without optimisation, also where the
# rooms are optimised: that takes a third less time, and what is under test is the room.
function(test_program target)
  target_compile_options(${target} PRIVATE -O0)
  if(NOT MEDPERF_PRECOMPILE)
    return()
  endif()
  if(NOT TARGET medperf_precompiled_tests)
    add_library(medperf_precompiled_tests STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
    target_link_libraries(medperf_precompiled_tests PUBLIC medperf_flags fmt::fmt GTest::gtest GTest::gmock)
    target_compile_options(medperf_precompiled_tests PRIVATE -O0)
    target_precompile_headers(medperf_precompiled_tests PRIVATE
      ${MEDPERF_COMMON_HEADERS} <gtest/gtest.h> <gmock/gmock.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM medperf_precompiled_tests)
endfunction()
