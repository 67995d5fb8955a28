// Any bytes as a line of base64 and as a manifest whose release is set. A line that is accepted is
// the only spelling of its bytes; a manifest that is accepted keeps all but its release, and
// setting the same release again changes nothing. What is refused must say why.
#include <stdlib.h>
#include <string.h>

#include "fuzz_target.h"
#include "sign/base64_line.h"
#include "sign/manifest_release.h"

enum { KEY_BYTES = 32, RELEASE = 12345 };

static void require(bool holds) {
  if (!holds) abort();
}

static void read_line(const char *text, size_t size_bytes) {
  uint8_t key[KEY_BYTES];
  char again[PK_KEY_TEXT_BYTES];
  pk_error error = {.code = PK_OK};
  const bool ok =
      pk_base64_line_read(key, sizeof key, text, size_bytes, "it", "a key", PK_BAD_KEY, &error);
  require(ok ? error.code == PK_OK : error.code == PK_BAD_KEY && error.message[0]);
  if (!ok) return;
  pk_base64_line_write(again, sizeof again, key, sizeof key);
  require(size_bytes >= strlen(again) && memcmp(again, text, strlen(again)) == 0);
}

static void set_release(const uint8_t *bytes, size_t size_bytes) {
  pk_bytes text = {0}, edited, again;
  pk_error error = {.code = PK_OK};
  pk_bytes_append(&text, bytes, size_bytes);
  if (pk_manifest_set_release(&edited, &text, RELEASE, &error)) {
    const bool ok = pk_manifest_set_release(&again, &edited, RELEASE, &error);
    require(ok && again.size == edited.size && !memcmp(again.data, edited.data, edited.size));
    pk_bytes_free(&again);
    pk_bytes_free(&edited);
  } else {
    require(error.code == PK_BAD_PACKAGE && edited.data == NULL);
  }
  pk_bytes_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  read_line((const char *)bytes, size_bytes);
  set_release(bytes, size_bytes);
  return 0;
}
