#include "policy/rules/rule_words.h"

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool words_next(const char **at, char *word) {
    const char *in = *at;
    char quote = '\0';
    while (is_blank(*in))
        in++;
    bool found = *in != '\0';
    for (; *in != '\0' && (quote != '\0' || !is_blank(*in)); in++) {
        if (*in == '\\' && quote != '\'' && in[1] != '\0')
            *word++ = *++in;
        else if (quote != '\0' && *in == quote)
            quote = '\0';
        else if (quote == '\0' && (*in == '\'' || *in == '"'))
            quote = *in;
        else
            *word++ = *in;
    }
    *word = '\0';
    *at = in;
    return found;
}
