/* A shared object, but no plug-in. */
__attribute__((visibility("default"))) int weir_plug(void);

int weir_plug(void) {
  return 0;
}
