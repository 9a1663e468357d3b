/* amkd-serve: a model served over HTTP, for those who put a student to work. */
#include "base/bytes.h"
#include "base/cli.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/room.h"
#include "device/device.h"
#include "serve/listen.h"
#include "serve/path.h"
#include "serve/server.h"
#include "serve/stop.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct arguments {
    amkd_common common;
    const char *model, *listen, *port_file, *name, *version, *input, *key_file, *log;
    const char *device, *memory;
    amkd_texts cors;
    uint64_t memory_nbytes; /* what memory says */
    uint64_t port, batch, queue, max_images, max_body, max_memory, max_connections;
    double window_ms, timeout;
} arguments;

/* "student" of "models/student.safetensors". */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *ending = strstr(base, ".safetensors");
    if (!ending)
        ending = strstr(base, ",arch=");
    if (!strcmp(path, "-"))
        base = "model";
    return amkd_format("%.*s", ending ? (int)(ending - base) : (int)strlen(base), base);
}

/* Names stand in paths, /v2/models/NAME, where most of what a name may hold is quoted;
 * but clients and proxies take "." and ".." away, and some take a quoted "/" for another.
 */
static int is_name(const char *name)
{
    return *name && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static int open_log(int *fd, const arguments *args)
{
    *fd = args->common.quiet ? -1 : STDERR_FILENO;
    if (!args->log)
        return 0;
    *fd = open(args->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return *fd < 0 ? amkd_fail_errno("'%s'", args->log) : 0;
}

/* Says where the model is served: on stdout, and the port in a file. */
static int announce(const arguments *args, const amkd_served *served, unsigned port)
{
    const char *format = strchr(args->listen, ':') ? "http://[%s]:%u/v2/models/%s\n"
                                                   : "http://%s:%u/v2/models/%s\n";
    char text[16];
    amkd_bytes name = {0};
    snprintf(text, sizeof text, "%u\n", port);
    if (args->port_file && amkd_file_write(args->port_file, text, strlen(text)))
        return -1;
    if (!amkd_path_quote(&name, served->name) && !amkd_bytes_add(&name, "", 1))
        printf(format, args->listen, port, name.data);
    const int rc = name.failed ? -1 : fflush(stdout) ? amkd_fail_errno("stdout") : 0;
    amkd_bytes_clear(&name);
    return rc;
}

/* Serves until it is asked to stop, then finishes what is in flight, unless it is asked
 * once more. */
static int serve_on(amkd_server *server, const arguments *args)
{
    enum { TICK_MS = 250, DRAIN_MS = 10 };
    while (!amkd_stop_wait(TICK_MS / 1e3))
        amkd_server_tick(server);
    amkd_server_drain(server);
    if (amkd_server_in_flight(server) && !args->common.quiet)
        fprintf(stderr, "amkd-serve: finishing %zu requests; a second signal stops now\n",
                amkd_server_in_flight(server));
    while (amkd_server_in_flight(server)) {
        if (amkd_stop_wait(DRAIN_MS / 1e3))
            return amkd_fail("stopped with %zu requests not answered",
                             amkd_server_in_flight(server));
        amkd_server_tick(server);
    }
    return 0;
}

/* The socket is closed whatever comes. */
static int serve(const arguments *args, amkd_predictor *predictor,
                 const amkd_served *served, const amkd_keys *keys, int listening,
                 unsigned port)
{
    amkd_server *server;
    amkd_server_options options = {
        .listening = listening,
        .nthreads = args->common.nthreads,
        .max_connections = args->max_connections,
        .max_body_nbytes = args->max_body,
        .max_bodies_nbytes = args->max_memory,
        .timeout = args->timeout,
        .keys = keys,
        .origins = args->cors.text,
        .norigins = args->cors.n,
        .batching = {args->batch, args->queue, args->window_ms / 1e3}};
    if (open_log(&options.log, args)) {
        close(listening);
        return -1;
    }
    int rc = amkd_server_open(&server, predictor, served, &options);
    if (!rc) {
        /* Before, signals end the program as they do any other: nothing is in flight. */
        rc = amkd_stop_catch() || announce(args, served, port) || serve_on(server, args)
                 ? -1
                 : 0;
        amkd_server_close(server);
        if (args->port_file)
            unlink(args->port_file);
    }
    if (options.log > STDERR_FILENO)
        close(options.log);
    return rc;
}

static int serve_model(const arguments *args, const char *name, const amkd_model *model,
                       const amkd_keys *keys)
{
    amkd_device *device = NULL;
    amkd_predictor *predictor = NULL;
    unsigned port;
    /* An address that cannot be had is told before the kernels are compiled. */
    const int listening = amkd_listen(&port, args->listen, (unsigned)args->port);
    if (listening < 0)
        return -1;
    int rc = amkd_device_open(&device, args->device);
    if (!rc) {
        device->budget_nbytes = args->memory_nbytes;
        if (!args->common.quiet)
            amkd_device_watch(device, "amkd-serve, compiling");
        rc = amkd_predictor_new(&predictor, device, model);
        amkd_device_unwatch(device);
    }
    if (!rc && args->common.verbose)
        fprintf(stderr, "amkd-serve: on %s\n", device->name);
    if (rc) {
        close(listening);
    } else {
        const amkd_served served = {.name = name,
                                    .version = args->version,
                                    .in = model->graph.in,
                                    .nclasses = model->graph.nclasses,
                                    .class_names = model->class_names,
                                    .floats = !strcmp(args->input, "float32"),
                                    .max_images = args->max_images};
        rc = serve(args, predictor, &served, keys, listening, port);
    }
    amkd_predictor_free(predictor);
    amkd_device_close(device);
    return rc;
}

static void remark(const arguments *args, const amkd_model *model)
{
    char *text = args->common.quiet ? NULL : amkd_model_remark(model);
    if (text)
        fprintf(stderr, "amkd-serve: '%s': %s\n", args->model, text);
    free(text);
}

static int run(const arguments *args)
{
    amkd_keys *keys = NULL;
    amkd_model *model = NULL;
    char *name = args->name ? amkd_strdup(args->name) : name_of(args->model);
    int rc = !name || (args->key_file && amkd_keys_load(&keys, args->key_file)) ||
                     amkd_model_load(&model, args->model)
                 ? -1
                 : 0;
    if (!rc) {
        remark(args, model);
        rc = serve_model(args, name, model, keys);
    }
    amkd_model_free(model);
    amkd_keys_free(keys);
    free(name);
    return rc;
}

/* One that no browser sends; NULL where there is none. */
static const char *bad_origin(const amkd_texts *origins)
{
    for (size_t o = 0; o < origins->n; o++) {
        const char *text = origins->text[o], *scheme = strstr(text, "://");
        if (strcmp(text, "*") != 0 &&
            (!scheme || scheme == text || !scheme[3] || strpbrk(scheme + 3, "/?# ")))
            return text;
    }
    return NULL;
}

/* The model's name, given or of its path, and its version. */
static int check_names(const amkd_cli *cli, const arguments *args)
{
    char *own = args->name ? NULL : name_of(args->model);
    const char *name = args->name ? args->name : own;
    const char *bad = name && !is_name(name)    ? name
                      : !is_name(args->version) ? args->version
                                                : NULL;
    const int rc =
        bad ? amkd_cli_misuse(cli,
                              "'%s' cannot name a model: it is empty, \".\" or "
                              "\"..\", or has a \"/\"; see --name and "
                              "--model-version",
                              bad)
            : 0;
    free(own);
    return rc;
}

/* Misuse that the option table cannot tell: 0 when there is none. */
static int check(const amkd_cli *cli, const arguments *args)
{
    const char *bad = bad_origin(&args->cors);
    if (bad)
        return amkd_cli_misuse(cli,
                               "option '--cors': '%s', expected * or an origin as "
                               "https://example.org:8000, without a path",
                               bad);
    if (args->max_images > args->queue)
        return amkd_cli_misuse(cli, "--max-images is more than --queue");
    return check_names(cli, args);
}

int main(int argc, char **argv)
{
    arguments args = {.listen = "127.0.0.1",
                      .port = 8080,
                      .version = "1",
                      .input = "uint8",
                      .batch = 256,
                      .window_ms = 1,
                      .queue = 65536,
                      .max_images = 4096,
                      .max_body = 64000000,
                      .max_memory = 256000000,
                      .max_connections = 4096,
                      .timeout = 60};
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        {0, "listen", AMKD_TEXT, &args.listen, "ADDRESS",
         "the address to listen on (default: 127.0.0.1, this machine alone)", 0, 0, 0},
        {0, "port", AMKD_COUNT, &args.port, "N",
         "the port (default: 8080; 0: one that is free)", 0, 0, 65535},
        {0, "port-file", AMKD_TEXT, &args.port_file, "FILE",
         "the port is written there once the server listens", AMKD_WRITES, 0, 0},
        {0, "name", AMKD_TEXT, &args.name, "NAME",
         "the model's name (default: MODEL without directory and .safetensors)", 0, 0, 0},
        {0, "model-version", AMKD_TEXT, &args.version, "V", "its version (default: 1)", 0,
         0, 0},
        {0, "input", AMKD_TEXT, &args.input, "TYPE",
         "what the metadata offers: uint8 NHWC, 0..255, or float32 NCHW, 0..1\n"
         "(default: uint8; both are taken)",
         0, 0, 0, .choices = "uint8, float32"},
        {0, "batch", AMKD_COUNT, &args.batch, "N",
         "images of a run on the device at most (default: 256)", 0, 1, 65536},
        {0, "window", AMKD_NUMBER, &args.window_ms, "MS",
         "how long a device with nothing to do waits for more (default: 1 ms)", 0, 0,
         1000},
        {0, "queue", AMKD_COUNT, &args.queue, "N",
         "images that may wait; beyond, 503 (default: 65536)", 0, 1, 1e9},
        {0, "max-images", AMKD_COUNT, &args.max_images, "N",
         "images of one request (default: 4096)", 0, 1, 1e9},
        {0, "max-body", AMKD_COUNT, &args.max_body, "N",
         "bytes of one request's body; beyond, 413 (default: 64M)", 0, 1, 1e12},
        {0, "max-memory", AMKD_COUNT, &args.max_memory, "N",
         "bytes of all bodies at once; beyond, 503 (default: 256M)", 0, 1, 1e12},
        {0, "max-connections", AMKD_COUNT, &args.max_connections, "N",
         "connections; beyond, those idle longest are closed (default: 4096)", 0, 1, 1e6},
        {0, "timeout", AMKD_NUMBER, &args.timeout, "S",
         "seconds to send a request, to read an answer, or idle (default: 60)", 0, 0.1,
         1e6},
        {0, "api-key-file", AMKD_TEXT, &args.key_file, "FILE",
         "only requests with one of the keys in FILE are served", 0, 0, 0},
        {0, "cors", AMKD_TEXTS, &args.cors, "ORIGIN",
         "pages of ORIGIN, as https://example.org, may ask from a browser; *: any;\n"
         "may be given several times",
         0, 0, 0},
        {0, "access-log", AMKD_TEXT, &args.log, "FILE",
         "add a line a request to FILE (default: stderr, none with -q)", AMKD_WRITES, 0,
         0},
        AMKD_DEVICE_OPTION(args.device),
        {0, "memory", AMKD_TEXT, &args.memory, "SIZE",
         "what the model may take of the device's memory, as 512M or 3G\n"
         "(default: all)",
         0, 0, 0},
        AMKD_OPTION_THREADS(args.common),
        AMKD_OPTION_QUIET(args.common),
        AMKD_OPTION_VERBOSE(args.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        .name = "amkd-serve",
        .summary = "serve a model by the Open Inference Protocol and TF-Serving's",
        .usage = "[OPTION]... MODEL",
        .notes = "Prints the model's URL once it is served. The first SIGINT or SIGTERM "
                 "finishes\n"
                 "what is in flight, the second stops at once.\n"
                 "\n"
                 "  amkd-serve student.safetensors &\n"
                 "  curl localhost:8080/v2/models/student\n"
                 "  amkd-query -t http://localhost:8080/v2/models/student images.amkd\n",
        .options = options,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    args.model = cli.arguments[0];
    rc = args.memory && amkd_room_parse(&args.memory_nbytes, args.memory, "--memory")
             ? amkd_cli_misuse(&cli, "%s", amkd_error())
             : check(&cli, &args);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    return amkd_cli_close(&cli, run(&args));
}
