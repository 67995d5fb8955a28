"""Opens an app at an address like app://localhost/ in WebKitGTK, as iOS apps do in WKWebView, and runs a script in its page.

usage: webkit_app_scheme.py WWW ADDRESS SCRIPT   (under an X server)

The script is put into the page before all others; when it fetches /result_of_the_test, what stands behind the question mark is
printed, and that is the end. Answers are those of
cordova-ios (CDVURLSchemeHandler.m) and Capacitor
(WebViewAssetHandler.swift): paths without an extension are index.html, a missing file is an error and no status.
"""
import ctypes
import os
import sys
import urllib.parse

TYPES = {'.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.png': 'image/png'}
START_PAGE = 'index.html'
RESULT_PATH = '/result_of_the_test'
GTK_WINDOW_TOPLEVEL = 0
WEBKIT_USER_CONTENT_INJECT_ALL_FRAMES = 0
WEBKIT_USER_SCRIPT_INJECT_AT_DOCUMENT_START = 0
G_IO_ERROR_NOT_FOUND = 1

# Everything of GLib, GTK and JavaScriptCore comes with it.
webkit = ctypes.CDLL('libwebkit2gtk-4.1.so.0', mode=ctypes.RTLD_GLOBAL)
SCHEME_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


def call(name, *args, result=ctypes.c_void_p):
    function = getattr(webkit, name)
    function.restype = result
    # Without a prototype integers would be cut to 32 bits, pointers among them.
    return function(*[ctypes.c_void_p(arg) if isinstance(arg, int) and arg > 0xFFFF else arg for arg in args])


def main(www, address, script_file):
    www = os.path.realpath(www)
    scheme = address.split(':')[0].encode()
    served = []  # what WebKit still reads from

    def answer(request, _):
        path = call('webkit_uri_scheme_request_get_path', request, result=ctypes.c_char_p).decode()
        if path == RESULT_PATH:
            address_told = call('webkit_uri_scheme_request_get_uri', request, result=ctypes.c_char_p).decode()
            print(urllib.parse.unquote(address_told.split('?', 1)[1]), flush=True)
            call('gtk_main_quit', result=None)
            return
        extension = os.path.splitext(path)[1]
        file = os.path.realpath(os.path.join(www, path.lstrip('/') if extension else START_PAGE))
        if not file.startswith(www + os.sep) or not os.path.isfile(file):
            domain = call('g_io_error_quark', result=ctypes.c_uint32)
            error = call('g_error_new_literal', ctypes.c_uint32(domain), G_IO_ERROR_NOT_FOUND, b'there is no such file')
            call('webkit_uri_scheme_request_finish_error', request, error, result=None)
            return
        with open(file, 'rb') as content:
            data = content.read()
        served.append(data)
        stream = call('g_memory_input_stream_new_from_data', data, ctypes.c_ssize_t(len(data)), None)
        mime = TYPES.get(os.path.splitext(file)[1], 'application/octet-stream').encode()
        call('webkit_uri_scheme_request_finish', request, stream, ctypes.c_int64(len(data)), mime, result=None)

    callback = SCHEME_CALLBACK(answer)
    call('gtk_init', None, None, result=None)
    context = call('webkit_web_context_get_default')
    call('webkit_web_context_register_uri_scheme', context, scheme, callback, None, None, result=None)
    security = call('webkit_web_context_get_security_manager', context)
    call('webkit_security_manager_register_uri_scheme_as_secure', security, scheme, result=None)
    call('webkit_security_manager_register_uri_scheme_as_cors_enabled', security, scheme, result=None)
    view = call('webkit_web_view_new')
    with open(script_file, 'rb') as content:
        script = call('webkit_user_script_new', content.read(), WEBKIT_USER_CONTENT_INJECT_ALL_FRAMES,
                      WEBKIT_USER_SCRIPT_INJECT_AT_DOCUMENT_START, None, None)
    call('webkit_user_content_manager_add_script', call('webkit_web_view_get_user_content_manager', view), script, result=None)
    window = call('gtk_window_new', GTK_WINDOW_TOPLEVEL)
    call('gtk_container_add', window, view, result=None)
    call('gtk_widget_show_all', window, result=None)
    call('webkit_web_view_load_uri', view, address.encode(), result=None)
    call('gtk_main', result=None)


main(*sys.argv[1:])
