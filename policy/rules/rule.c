#include "policy/rules/rule.h"

const char *verdict_name(enum verdict verdict) {
    static const char *const names[] = {
        [VERDICT_PASS] = "pass", [VERDICT_REFUSE] = "refuse", [VERDICT_UNKNOWN] = "unknown"};
    return names[verdict];
}

const char *severity_name(enum severity severity) {
    static const char *const names[] = {[SEVERITY_LOW] = "low",
                                        [SEVERITY_MEDIUM] = "medium",
                                        [SEVERITY_HIGH] = "high",
                                        [SEVERITY_CRITICAL] = "critical"};
    return names[severity];
}

const char *owner_name(enum owner owner) {
    static const char *const names[] = {
        [OWNER_JOB] = "job", [OWNER_CLUSTER] = "cluster", [OWNER_PLATFORM] = "platform"};
    return names[owner];
}

const char *effect_name(enum effect effect) {
    static const char *const names[] = {[EFFECT_WARN] = "warn", [EFFECT_REFUSE] = "refuse"};
    return names[effect];
}
