#include "policy/surface/source/operators.h"

void operators_walk(struct operators *o, struct source_node *node) {
    (void)o;
    (void)node;
}

void operators_finish(struct operators *o, struct source_node *first) {
    (void)o;
    (void)first;
}
