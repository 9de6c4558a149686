# fuzz_cpythonNNN, which embeds the interpreter `python`.
execute_process(
  COMMAND ${python} -c "import sys, sysconfig as s; v = s.get_config_var
print(';'.join(['%d%d' % sys.version_info[:2], v('INCLUDEPY'), v('LIBDIR'), v('LDLIBRARY'), sys.executable]))"
  OUTPUT_VARIABLE about OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(NOT failed EQUAL 0)
  message(STATUS "${python} does not run: it is not embedded")
  return()
endif()
list(GET about 0 minor)
list(GET about 1 headers)
list(GET about 2 folder)
list(GET about 3 library)
list(GET about 4 executable)
find_file(python_library_${minor} NAMES ${library} HINTS ${folder} NO_CACHE)
if(minor LESS 311 OR NOT library MATCHES "[.]so" OR NOT python_library_${minor} OR NOT EXISTS ${headers}/Python.h)
  message(STATUS "${python}: no Python.h or no shared libpython of 3.11 or later: it is not embedded")
  return()
endif()
add_program_target(fuzz_cpython${minor} cpython.c)
target_include_directories(fuzz_cpython${minor} SYSTEM PRIVATE ${headers})
target_compile_definitions(fuzz_cpython${minor} PRIVATE FUZZ_PYTHON="${executable}"
                           FUZZ_PLACES="${CMAKE_CURRENT_SOURCE_DIR}:${PROJECT_SOURCE_DIR}/conformance/targets/python")
target_link_libraries(fuzz_cpython${minor} PRIVATE ${python_library_${minor}})
set_target_properties(fuzz_cpython${minor} PROPERTIES BUILD_RPATH ${folder})
