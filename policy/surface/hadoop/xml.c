#include "policy/surface/hadoop/xml.h"

#include <string.h>
#include <strings.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/utf8.h"

static const char *const no_value = "is XML without a value for an attribute";

static enum xml_event fail(struct xml_reader *x, size_t at, const char *what) {
    if (x->fault == NULL) {
        x->fault = what;
        x->at = at;
    }
    return XML_FAULT;
}

/* The first byte that XML 1.0 has no place for, or the length. */
static size_t find_control(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
            return i;
    }
    return length;
}

static size_t find_malformed(const char *bytes, size_t length, bool marked) {
    for (size_t i = 0; i < length;) {
        bool mark = marked && unknown_is_mark(bytes[i]);
        size_t size = mark ? 1 : text_utf8_size(bytes + i, length - i);
        if (size == 0)
            return i;
        i += size;
    }
    return length;
}

struct xml_reader xml_begin(const char *bytes, size_t length, bool marked) {
    struct xml_reader x = {.bytes = bytes, .length = length, .marked = marked};
    size_t bad = find_malformed(bytes, length, marked), control = find_control(bytes, length);
    if (bad < length)
        (void)fail(&x, bad, "is not UTF-8");
    else if (control < length)
        (void)fail(&x, control, "holds a control character, which XML does not allow");
    else if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        x.at = x.first = 3;
    return x;
}

static bool refuse(struct xml_reader *x, size_t at, const char *what) {
    (void)fail(x, at, what);
    return false;
}

static char look(const struct xml_reader *x) {
    return x->at < x->length ? x->bytes[x->at] : '\0';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void pass_blanks(struct xml_reader *x) {
    while (is_blank(look(x)))
        x->at++;
}

static bool starts(const struct xml_reader *x, const char *word) {
    size_t size = strlen(word);
    return x->length - x->at >= size && memcmp(x->bytes + x->at, word, size) == 0;
}

/* The next such byte from `from` on that stands outside of unknown parts, or the length. */
static size_t find_outside(const struct xml_reader *x, size_t from, char wanted) {
    bool inside = false;
    for (size_t i = from; i < x->length; i++) {
        if (x->marked && unknown_is_mark(x->bytes[i]))
            inside = x->bytes[i] == UNKNOWN_OPEN;
        else if (!inside && x->bytes[i] == wanted)
            return i;
    }
    return x->length;
}

/* Behind the next occurrence of a word, from `from` on; false where there is none. */
static bool pass_to(struct xml_reader *x, size_t from, const char *word) {
    size_t size = strlen(word);
    for (size_t i = from; i + size <= x->length; i++) {
        const char *found = memchr(x->bytes + i, word[0], x->length - i);
        if (found == NULL)
            return false;
        i = (size_t)(found - x->bytes);
        if (i + size <= x->length && memcmp(found, word, size) == 0) {
            x->at = i + size;
            return true;
        }
    }
    return false;
}

static bool is_name_byte(char c, bool first) {
    unsigned char u = (unsigned char)c;
    bool letter =
        (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u == '_' || u == ':' || u >= 0x80;
    return letter || (!first && ((u >= '0' && u <= '9') || u == '-' || u == '.'));
}

/* A name with its prefix; empty where none stands. */
static struct xml_piece read_name(struct xml_reader *x) {
    struct xml_piece name = {x->at, x->at};
    while (x->at < x->length && is_name_byte(x->bytes[x->at], x->at == name.start))
        x->at++;
    name.end = x->at;
    return name;
}

static struct xml_piece without_prefix(const struct xml_reader *x, struct xml_piece name) {
    const char *colon = memchr(x->bytes + name.start, ':', name.end - name.start);
    if (colon != NULL)
        name.start = (size_t)(colon + 1 - x->bytes);
    return name;
}

bool xml_is(const struct xml_reader *x, struct xml_piece piece, const char *word) {
    size_t size = strlen(word);
    return piece.end - piece.start == size && memcmp(x->bytes + piece.start, word, size) == 0;
}

/* Passes "<!-- … -->"; false at a fault. */
static bool pass_comment(struct xml_reader *x) {
    size_t start = x->at;
    if (!pass_to(x, x->at + strlen("<!--"), "--"))
        (void)fail(x, start, "holds a comment that never ends");
    else if (look(x) != '>')
        (void)fail(x, x->at, "holds \"--\" inside a comment, which XML does not allow");
    else
        x->at++;
    return x->fault == NULL;
}

/* One pseudo-attribute of the declaration, or none where it is not the next; false at a fault. */
static bool pass_pseudo(struct xml_reader *x, const char *name, struct xml_piece *value) {
    size_t before = x->at;
    *value = (struct xml_piece){0, 0};
    pass_blanks(x);
    if (!starts(x, name)) {
        x->at = before;
        return true;
    }
    bool parted = x->at > before;
    x->at += strlen(name);
    pass_blanks(x);
    x->at += look(x) == '=' ? 1 : 0;
    bool equals = x->at > before && x->bytes[x->at - 1] == '=';
    pass_blanks(x);
    char quote = look(x);
    const char *from = x->bytes + x->at + 1;
    const char *end = parted && equals && (quote == '"' || quote == '\'')
                          ? memchr(from, quote, x->length - x->at - 1)
                          : NULL;
    if (end == NULL)
        return refuse(x, before, "has a wrong XML declaration");
    *value = (struct xml_piece){x->at + 1, (size_t)(end - x->bytes)};
    x->at = value->end + 1;
    return true;
}

static bool is_ascii(const struct xml_reader *x) {
    for (size_t i = 0; i < x->length; i++)
        if ((unsigned char)x->bytes[i] >= 0x80)
            return false;
    return true;
}

/* "<?xml version encoding standalone?>". Another encoding than UTF-8 is read where it makes no
 * difference. */
static bool pass_declaration(struct xml_reader *x) {
    struct xml_piece version, encoding, standalone;
    size_t start = x->at;
    x->at += strlen("<?xml");
    if (!pass_pseudo(x, "version", &version) || !pass_pseudo(x, "encoding", &encoding) ||
        !pass_pseudo(x, "standalone", &standalone))
        return false;
    pass_blanks(x);
    bool sound =
        (xml_is(x, version, "1.0") || xml_is(x, version, "1.1")) &&
        (standalone.end == 0 || xml_is(x, standalone, "yes") || xml_is(x, standalone, "no"));
    if (!sound || !starts(x, "?>"))
        return refuse(x, start, "has a wrong XML declaration");
    x->at += 2;
    bool utf8 = encoding.end == 0 || (encoding.end - encoding.start == strlen("UTF-8") &&
                                      strncasecmp(x->bytes + encoding.start, "UTF-8", 5) == 0);
    return utf8 || is_ascii(x) || refuse(x, encoding.start, "is in another encoding than UTF-8");
}

static bool pass_instruction(struct xml_reader *x) {
    size_t start = x->at;
    x->at += 2;
    struct xml_piece target = read_name(x);
    if (target.start == target.end || xml_is(x, target, "xml") ||
        (!is_blank(look(x)) && !starts(x, "?>")))
        return refuse(x, start, "holds a processing instruction that is none");
    if (!pass_to(x, x->at, "?>"))
        (void)fail(x, start, "holds a processing instruction that never ends");
    return x->fault == NULL;
}

/* Passes "<!DOCTYPE … [ … ] >" without a look at what it declares, but for entities. */
static bool pass_doctype(struct xml_reader *x) {
    size_t start = x->at;
    bool inner = false;
    for (x->at += strlen("<!DOCTYPE"); x->at < x->length; x->at++) {
        char c = look(x);
        if (starts(x, "<!ENTITY")) {
            return refuse(x, x->at, "declares an entity: none is expanded here");
        }
        if (starts(x, "<!--")) {
            if (!pass_comment(x))
                return false;
            x->at--;
        } else if (c == '"' || c == '\'') {
            const char *end = memchr(x->bytes + x->at + 1, c, x->length - x->at - 1);
            x->at = end == NULL ? x->length : (size_t)(end - x->bytes);
        } else if (c == '[' || c == ']') {
            inner = c == '[';
        } else if (c == '<' && !inner) {
            break;
        } else if (c == '>' && !inner) {
            x->at++;
            return true;
        }
    }
    return refuse(x, start, "holds a document type that never ends");
}

static bool is_same(const struct xml_reader *x, struct xml_piece a, struct xml_piece b) {
    return a.end - a.start == b.end - b.start &&
           memcmp(x->bytes + a.start, x->bytes + b.start, a.end - a.start) == 0;
}

/* An element has each attribute once. */
static bool note_attribute(struct xml_reader *x, struct xml_piece name) {
    if (x->attribute_count == LIMIT_XML_ATTRIBUTES)
        return refuse(x, name.start, "holds an element with too many attributes");
    for (size_t i = 0; i < x->attribute_count; i++)
        if (is_same(x, x->attributes[i], name))
            return refuse(x, name.start, "holds an attribute twice");
    x->attributes[x->attribute_count++] = name;
    return true;
}

bool xml_attribute(struct xml_reader *x, struct xml_piece *name, struct xml_piece *value) {
    if (!x->in_tag || x->fault != NULL)
        return false;
    size_t before = x->at;
    pass_blanks(x);
    if (look(x) == '>' || starts(x, "/>")) {
        x->closed = look(x) == '/';
        x->at += x->closed ? 2 : 1;
        x->in_tag = false;
        return false;
    }
    *name = read_name(x);
    if (name->start == name->end || name->start == before)
        return refuse(x, name->start, "is XML with a tag that is no tag");
    pass_blanks(x);
    if (look(x) != '=')
        return refuse(x, x->at, no_value);
    x->at++;
    pass_blanks(x);
    char quote = look(x);
    if (quote != '"' && quote != '\'')
        return refuse(x, x->at, no_value);
    size_t end = find_outside(x, x->at + 1, quote);
    if (end == x->length || find_outside(x, x->at + 1, '<') < end)
        return refuse(x, x->at, "holds the value of an attribute that never ends");
    *value = (struct xml_piece){x->at + 1, end};
    x->at = value->end + 1;
    if (!note_attribute(x, *name))
        return false;
    *name = without_prefix(x, *name);
    return true;
}

static enum xml_event read_start(struct xml_reader *x) {
    size_t start = x->at++;
    struct xml_piece name = read_name(x);
    if (name.start == name.end)
        return fail(x, start, "is XML with a tag that is no tag");
    if (x->depth == 0 && x->started)
        return fail(x, start, "holds a second root element");
    if (x->depth == LIMIT_XML_DEPTH)
        return fail(x, start, "nests elements too deep");
    x->open[x->depth++] = name;
    x->started = x->in_tag = true;
    x->attribute_count = 0;
    x->name = without_prefix(x, name);
    return XML_START;
}

static enum xml_event end_element(struct xml_reader *x) {
    x->name = without_prefix(x, x->open[--x->depth]);
    return XML_END;
}

static enum xml_event read_end(struct xml_reader *x) {
    size_t start = x->at;
    x->at += 2;
    struct xml_piece name = read_name(x);
    pass_blanks(x);
    if (x->depth == 0)
        return fail(x, start, "ends an element that never began");
    if (look(x) != '>' || !is_same(x, name, x->open[x->depth - 1]))
        return fail(x, start, "ends another element than the one that is open");
    x->at++;
    return end_element(x);
}

static enum xml_event read_cdata(struct xml_reader *x) {
    size_t start = x->at, inner = start + strlen("<![CDATA[");
    if (x->depth == 0)
        return fail(x, start, "holds text outside of its root element");
    if (!pass_to(x, inner, "]]>"))
        return fail(x, start, "holds a CDATA section that never ends");
    x->text = (struct xml_piece){inner, x->at - strlen("]]>")};
    x->cdata = true;
    return XML_TEXT;
}

/* Up to the next tag. */
static enum xml_event read_text(struct xml_reader *x) {
    size_t start = x->at;
    x->at = find_outside(x, start, '<');
    x->text = (struct xml_piece){start, x->at};
    x->cdata = false;
    return x->depth > 0 ? XML_TEXT : fail(x, start, "holds text outside of its root element");
}

static enum xml_event read_end_of_input(struct xml_reader *x) {
    if (x->depth > 0)
        return fail(x, x->open[x->depth - 1].start - 1, "holds an element that never ends");
    return x->started ? XML_DONE : fail(x, x->at, "holds no element at all");
}

/* What is passed over; whether anything was. */
static bool pass_over(struct xml_reader *x) {
    if (x->depth == 0 && is_blank(look(x))) {
        pass_blanks(x);
        return true;
    }
    if (starts(x, "<!--"))
        return pass_comment(x);
    if (starts(x, "<?"))
        return x->at == x->first && starts(x, "<?xml") && is_blank(x->bytes[x->at + 5])
                   ? pass_declaration(x)
                   : pass_instruction(x);
    return starts(x, "<!DOCTYPE") && !x->started && pass_doctype(x);
}

enum xml_event xml_next(struct xml_reader *x) {
    struct xml_piece name, value;
    while (xml_attribute(x, &name, &value))
        if (xml_decode(x, value, true, NULL) != 0)
            return XML_FAULT;
    while (x->fault == NULL && !x->closed && pass_over(x))
        continue;
    if (x->fault != NULL)
        return XML_FAULT;
    if (x->closed) {
        x->closed = false;
        return end_element(x);
    }
    if (x->at == x->length)
        return read_end_of_input(x);
    if (look(x) != '<')
        return read_text(x);
    if (starts(x, "<![CDATA["))
        return read_cdata(x);
    return starts(x, "</") ? read_end(x) : read_start(x);
}
