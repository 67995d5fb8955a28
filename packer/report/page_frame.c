#include "page_frame.h"

#include <string.h>

#include "html_text.h"

static const char head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width,initial-scale=1\"><title>";
static const char style[] =
    "</title><style>:root{color-scheme:light dark;--paper:#fff;--ink:#1b2733;--soft:#5a6875;"
    "--line:#d9e0e6;--mark:#0b6e75}"
    "@media(prefers-color-scheme:dark){:root{--paper:#12181e;--ink:#e6edf3;--soft:#9aa8b5;"
    "--line:#2d3843;--mark:#5cc8ce}}"
    "body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 "
    "system-ui,sans-serif}h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-"
    "top:2rem}"
    "p.soft,small{color:var(--soft)}dl{display:grid;grid-template-columns:repeat(auto-fit,"
    "minmax(8.5rem,1fr));gap:1rem;margin:1rem 0}dt{color:var(--soft);font-size:.85rem}"
    "dd{margin:0;font-size:1.25rem;font-weight:600}dd small{display:block;font-weight:400;"
    "font-size:.8rem}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}th,td{padding:.3rem .6rem;text-align:right;border-bottom:"
    "1px solid var(--line);white-space:nowrap}th:first-child,td:first-child{text-align:left;"
    "white-space:normal;min-width:9rem;overflow-wrap:anywhere}thead th{color:var(--soft);"
    "font-weight:500;font-size:.85rem}meter{width:5rem;vertical-align:middle}svg{width:100%;"
    "max-width:40rem;font-size:13px}svg text{fill:var(--soft)}ul{list-style:none;padding:0;"
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:1rem}li{display:"
    "flex;gap:.75rem;align-items:flex-start}li img{border-radius:4px}li span{overflow-wrap:"
    "anywhere}</style></head><body><main>";

void pk_page_begin(pk_bytes *page, const char *title) {
  pk_bytes_append(page, head, sizeof head - 1);
  pk_page_text(page, title);
  pk_bytes_append(page, style, sizeof style - 1);
}

void pk_page_end(pk_bytes *page) {
  pk_html(page, "</main></body></html>\n");
}

void pk_page_text(pk_bytes *page, const char *text) {
  pk_html_escaped(page, text, strlen(text));
}

void pk_page_fact(pk_bytes *page, const char *name, const char *format, double value,
                  const char *remark) {
  pk_html(page, "<div><dt>%s</dt><dd>", name);
  pk_html(page, format, value);
  pk_html(page, "<small>%s</small></dd></div>", remark);
}
