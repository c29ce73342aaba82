# bascule_plugin(NAME SOURCES...): a module NAME.so that shows one symbol, bascule_policy_plugin.
# For the plugins of bascule itself, and with find_package(bascule) for those of others.
function(bascule_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE bascule::policy)
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
