/* The parser of a network's text. It knows no kind of layer: each reads its own words,
 * and checks its sizes, so that whoever gets a graph may multiply them without a second
 * thought. */
#include "base/error.h"
#include "base/memory.h"
#include "graph/graph.h"
#include "graph/text_internal.h"
#include "layers/words.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 16, MAX_REPEATS = 64 };

static const char blanks[] = " \t\r\n";

/* The end of a chain that is being read. */
typedef struct chain {
    size_t value;                    /* that the next layer reads */
    int flat;                        /* whether it is features, not an image */
    size_t number;                   /* of the next module in the chain */
    char prefix[AMKD_MODULE_NBYTES]; /* of its modules' names: "", or "4.0." */
} chain;

typedef struct parser {
    amkd_graph *graph; /* NULL: the words alone are read */
    size_t nclasses;
    const char *at; /* what is to be read */
    size_t number;  /* of the layer in the text, from 1 */
    size_t depth;
    char where[96]; /* "layer 3 'conv 6 k5'", for messages */
    char *text;     /* canonical, as far as read */
    size_t length, room;
} parser;

static int parse_chain(parser *p, chain *c);

static int fail_layer(const parser *p, const char *what)
{
    return amkd_fail("%s: %s", p->where, what);
}

static int print(parser *p, const char *text)
{
    const size_t n = strlen(text);
    if (p->length + n + 1 > p->room) {
        char *grown = amkd_realloc(p->text, 2 * (p->room + n + 1), 1);
        if (!grown)
            return -1;
        p->text = grown;
        p->room = 2 * (p->room + n + 1);
    }
    memcpy(p->text + p->length, text, n + 1);
    p->length += n;
    return 0;
}

static void skip_blanks(parser *p)
{
    p->at += strspn(p->at, blanks);
}

/* The text of one layer, up to what separates it from the next; *length without the
 * blanks behind it. */
static size_t layer_length(const parser *p)
{
    size_t length = strcspn(p->at, "|;()");
    while (length && strchr(blanks, p->at[length - 1]))
        length--;
    return length;
}

static int begin_layer(parser *p, size_t length)
{
    const int cut = length >= AMKD_LAYER_NBYTES - 32; /* in messages */
    p->number++;
    if (!length)
        return amkd_fail("layer %zu is empty", p->number);
    snprintf(p->where, sizeof p->where, "layer %zu '%.*s%s'", p->number,
             cut ? 60 : (int)length, p->at, cut ? "..." : "");
    return 0;
}

/* "name:" before a layer. The name is empty where there is none. */
static int read_name(parser *p, char *name, size_t *length)
{
    const char *colon = memchr(p->at, ':', *length);
    name[0] = 0;
    if (!colon)
        return 0;
    size_t n = (size_t)(colon - p->at);
    while (n && strchr(blanks, p->at[n - 1]))
        n--;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p->at[i]) && p->at[i] != '_' && p->at[i] != '.')
            return fail_layer(p, "a module's name has letters, digits, _ and . alone");
    if (!n || n >= AMKD_MODULE_NBYTES)
        return fail_layer(p, "a module's name has 1 to 47 characters");
    memcpy(name, p->at, n);
    name[n] = 0;
    const size_t skip = (size_t)(colon + 1 - p->at) + strspn(colon + 1, blanks);
    p->at += skip < *length ? skip : *length;
    *length -= skip < *length ? skip : *length;
    return 0;
}

/* The module's name: as given, or its number in the chain. */
static int name_module(parser *p, amkd_layer *layer, chain *c, const char *name)
{
    int n = *name ? snprintf(layer->module, sizeof layer->module, "%s", name)
                  : snprintf(layer->module, sizeof layer->module, "%s%zu", c->prefix,
                             c->number);
    c->number++;
    if (n >= (int)sizeof layer->module)
        return fail_layer(p, "its module's name is too long");
    return 0;
}

/* Appends a layer that reads the chain's end, and makes its value the new end. No other
 * module has its name. */
static int append(parser *p, chain *c, amkd_layer *layer)
{
    for (size_t l = 0; p->graph && l < p->graph->nlayers; l++)
        if (!strcmp(p->graph->layers[l].module, layer->module))
            return amkd_fail("%s: two modules are called '%s'", p->where, layer->module);
    layer->flat = c->flat || amkd_layer_is(layer, AMKD_FLATTENS);
    c->flat = layer->flat;
    if (!p->graph)
        return 0;
    if (amkd_graph_append(p->graph, layer, p->where))
        return -1;
    c->value = p->graph->nlayers;
    return 0;
}

static int append_flatten(parser *p, chain *c)
{
    amkd_layer layer = {.ninputs = 1, .inputs = {c->value}};
    for (size_t k = 0; (layer.kind = amkd_kind_number(k)); k++)
        if (layer.kind->traits & AMKD_FLATTENS)
            break;
    return name_module(p, &layer, c, "") || append(p, c, &layer) ||
                   print(p, layer.kind->name) || print(p, " | ")
               ? -1
               : 0;
}

static int fail_kind(const parser *p)
{
    char names[512] = "";
    const amkd_kind *kind;
    for (size_t k = 0; (kind = amkd_kind_number(k)); k++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
                 k ? ", " : "", kind->name);
    return amkd_fail("%s: expected one of %s", p->where, names);
}

static int split(parser *p, amkd_words *words, char *buffer)
{
    char *rest = NULL;
    *words = (amkd_words){.where = p->where, .nclasses = p->nclasses};
    for (char *word = strtok_r(buffer, blanks, &rest); word;
         word = strtok_r(NULL, blanks, &rest)) {
        if (words->n == AMKD_MAX_WORDS)
            return fail_layer(p, "has too many words");
        words->words[words->n++] = word;
    }
    return words->n ? 0 : amkd_fail("layer %zu is empty", p->number);
}

/* Prints the layer alone, with its name where the text gave one. */
static int print_layer(parser *p, const amkd_layer *layer, const char *name)
{
    char text[AMKD_LAYER_NBYTES];
    amkd_layer_print(text, sizeof text, layer);
    if (strlen(text) >= AMKD_LAYER_NBYTES - 32)
        return fail_layer(p, "longer than any layer");
    return (*name && (print(p, name) || print(p, ": "))) || print(p, text) ? -1 : 0;
}

/* A layer of length bytes, which reads the chain's end alone. */
static int parse_plain(parser *p, chain *c, amkd_layer *layer, amkd_words *words,
                       const char *name)
{
    if (layer->kind->parse ? layer->kind->parse(layer, words)
                           : words->n > 1 && fail_layer(p, "takes no sizes"))
        return -1;
    if (amkd_layer_is(layer, AMKD_WANTS_IMAGE) && c->flat)
        return fail_layer(p, amkd_layer_is(layer, AMKD_FLATTENS)
                                 ? "its input is flattened before"
                                 : "needs an image, but its input is flattened before");
    if (amkd_layer_is(layer, AMKD_WANTS_FEATURES) && !c->flat && append_flatten(p, c))
        return -1;
    layer->ninputs = 1;
    layer->inputs[0] = c->value;
    if (name_module(p, layer, c, name) || append(p, c, layer))
        return -1;
    return p->graph ? print_layer(p, &p->graph->layers[p->graph->nlayers - 1], name) : 0;
}

/* One branch, from c on: its end becomes an input of the joining layer. An empty one is
 * what goes in. */
static int parse_branch(parser *p, amkd_layer *joint, const chain *from, int *flat)
{
    chain c = {.value = from->value, .flat = from->flat};
    if (joint->ninputs == AMKD_MAX_INPUTS)
        return fail_layer(p, "has too many branches");
    if (snprintf(c.prefix, sizeof c.prefix, "%s.%zu.", joint->module, joint->ninputs) >=
        (int)sizeof c.prefix)
        return fail_layer(p, "its modules' names are too long");
    skip_blanks(p);
    if (*p->at && !strchr(";)", *p->at) && parse_chain(p, &c))
        return -1;
    if (joint->ninputs && c.flat != *flat)
        return fail_layer(p, "one of its branches is flattened, another is not");
    *flat = c.flat;
    joint->inputs[joint->ninputs++] = c.value;
    return 0;
}

static int parse_branches(parser *p, amkd_layer *joint, const chain *c, int *flat,
                          const char *where)
{
    char mark;
    if (++p->depth > MAX_DEPTH)
        return fail_layer(p, "branches within branches, more than 16 deep");
    do {
        if (print(p, joint->ninputs ? " ; " : "( ") || parse_branch(p, joint, c, flat))
            return -1;
        skip_blanks(p);
        mark = *p->at;
        if (mark != ';' && mark != ')')
            return amkd_fail("%s: ')' is missing behind its branches", where);
        p->at++;
    } while (mark == ';');
    p->depth--;
    return print(p, " )");
}

/* NAME( branch ; branch ). */
static int parse_joint(parser *p, chain *c, amkd_layer *layer, const amkd_words *words,
                       const char *name)
{
    char where[sizeof p->where];
    int flat = c->flat;
    if (words->n > 1)
        return fail_layer(p, "takes no sizes");
    if (name_module(p, layer, c, name) || print_layer(p, layer, name))
        return -1;
    memcpy(where, p->where, sizeof where);
    p->at++;
    if (parse_branches(p, layer, c, &flat, where))
        return -1;
    if (layer->ninputs == 1 && amkd_layer_is(layer, AMKD_JOINS_INPUT)) {
        layer->inputs[layer->ninputs++] = layer->inputs[0];
        layer->inputs[0] = c->value;
    }
    memcpy(p->where, where, sizeof where);
    if (layer->ninputs < 2)
        return fail_layer(p, "expected two branches or more, with ';' between");
    c->flat = flat;
    return append(p, c, layer);
}

/* "3 x ( chain )". */
static int parse_repeats(parser *p, chain *c, size_t n)
{
    const char *begin = ++p->at, *end = begin;
    const size_t number = p->number;
    if (!n || n > MAX_REPEATS)
        return fail_layer(p, "expected 1 to 64 times");
    if (++p->depth > MAX_DEPTH)
        return fail_layer(p, "repeats within repeats, more than 16 deep");
    for (size_t r = 0; r < (p->graph ? n : 1); r++) {
        p->at = begin;
        p->number = number;
        if ((r && print(p, " | ")) || parse_chain(p, c))
            return -1;
        skip_blanks(p);
        if (*p->at != ')')
            return amkd_fail("layer %zu: ')' is missing behind what is repeated",
                             p->number);
        end = p->at + 1;
    }
    p->at = end;
    p->depth--;
    return 0;
}

/* Whether the words are "N x". */
static int is_repeat(const amkd_words *words, size_t *n)
{
    return words->n == 2 && !strcmp(words->words[1], "x") &&
           !amkd_word_number(n, words->words[0]);
}

static int parse_layer(parser *p, chain *c)
{
    char buffer[AMKD_LAYER_NBYTES], name[AMKD_MODULE_NBYTES];
    amkd_words words;
    size_t n;
    skip_blanks(p);
    size_t length = layer_length(p);
    if (begin_layer(p, length) || read_name(p, name, &length))
        return -1;
    if (length >= AMKD_LAYER_NBYTES - 32)
        return fail_layer(p, "longer than any layer");
    memcpy(buffer, p->at, length);
    buffer[length] = 0;
    if (split(p, &words, buffer))
        return -1;
    p->at += length;
    skip_blanks(p);
    if (*p->at == '(' && is_repeat(&words, &n) && !*name)
        return parse_repeats(p, c, n);
    amkd_layer layer = {.kind = amkd_kind_find(words.words[0], strlen(words.words[0]))};
    if (!layer.kind)
        return fail_kind(p);
    if (*p->at == '(' && !amkd_layer_is(&layer, AMKD_JOINS))
        return fail_layer(p, "has no branches");
    if (*p->at != '(' && amkd_layer_is(&layer, AMKD_JOINS))
        return fail_layer(p, "expected branches, in parentheses");
    return amkd_layer_is(&layer, AMKD_JOINS) ? parse_joint(p, c, &layer, &words, name)
                                             : parse_plain(p, c, &layer, &words, name);
}

static int parse_chain(parser *p, chain *c)
{
    for (;;) {
        if (parse_layer(p, c))
            return -1;
        skip_blanks(p);
        if (*p->at != '|')
            return 0;
        p->at++;
        if (print(p, " | "))
            return -1;
    }
}

static int check_end(const parser *p)
{
    amkd_graph *graph = p->graph;
    const amkd_layer *last = &graph->layers[graph->nlayers - 1];
    const int single = last->out.height == 1 && last->out.width == 1;
    const int shrinks = single && (last->in.height > 1 || last->in.width > 1);
    if (!amkd_layer_is(last, AMKD_ENDS) && shrinks && !last->flat)
        return fail_layer(p, "the last layer must be an fc, or a conv ending at 1x1; a "
                             "pool stands before it: 'avgpool all | conv N k1' makes the "
                             "same as 'conv N k1 | avgpool all'");
    if (!amkd_layer_is(last, AMKD_ENDS) || !single)
        return fail_layer(p, "the last layer must be an fc, or a conv ending at 1x1");
    graph->nclasses = last->out.channels;
    if (p->nclasses && graph->nclasses != p->nclasses)
        return amkd_fail("%s: %zu outputs for %zu classes", p->where, graph->nclasses,
                         p->nclasses);
    return 0;
}

static int parse_text(parser *p, const char *text)
{
    chain c = {0};
    p->at = text;
    if (parse_chain(p, &c))
        return -1;
    if (*p->at)
        return amkd_fail("'%c' behind layer %zu, expected '|' or the end", *p->at,
                         p->number);
    return p->graph ? check_end(p) : 0;
}

int amkd_graph_read(amkd_graph *graph, const char *text, amkd_shape in, size_t nclasses)
{
    parser p = {.graph = graph, .nclasses = nclasses};
    memset(graph, 0, sizeof(*graph));
    graph->in = in;
    const int rc = parse_text(&p, text);
    graph->text = p.text;
    if (rc) {
        amkd_graph_clear(graph);
        return -1;
    }
    amkd_graph_finish(graph);
    return 0;
}

int amkd_graph_read_words(const char *text)
{
    parser p = {.nclasses = 2};
    const int rc = parse_text(&p, text);
    free(p.text);
    return rc;
}
