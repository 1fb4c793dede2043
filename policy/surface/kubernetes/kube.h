/* kube.h: what the readers of objects share. Private to kubernetes/. */
#ifndef ARRESTOR_POLICY_KUBE_H
#define ARRESTOR_POLICY_KUBE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/tree/tree.h"

/* A site file of Hadoop, and the launch (1-based) that it was taken for. */
struct kube_site {
    const struct tree_node *file;
    size_t launch;
};

struct kube {
    struct document_builder *b;
    const struct tree_node *documents; /* of the whole stream: for references */
    size_t count;
    size_t conditional; /* how many launches there were when a condition was last noted */
    struct kube_site *sites, *taken; /* that were met; that launches have mounted */
    size_t site_count, site_room, taken_count, taken_room, taken_bytes;
};

/* The builder fails: memory is exhausted. */
void kube_fail(struct kube *k);

/* All objects of the stream; others than manifests too. */
void kube_read_documents(struct kube *k, bool objects);

/* The object's own name for people, "SparkApplication etl/pi". */
const char *kube_title(struct kube *k, const struct tree_node *object);

/* Text of the arena; "" and a failed builder when it is exhausted. */
const char *kube_print(struct kube *k, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text of a scalar as the value of that key: unknown where a template decides whether it
 * holds (tree_is_certain), and then loose too, for what it holds. */
const char *kube_told(struct kube *k, const char *key, const struct tree_node *value);

/* A scalar as a word of the launch: where a template decides whether it is there, the value of
 * KEY=VALUE is unknown, and the launch open. */
const char *kube_told_word(struct kube *k, const struct tree_node *word);

/* A word that stands at that place. */
void kube_word(struct kube *k, const char *text, const struct origin *origin);

/* "--conf KEY=VALUE", the key at the node's key, the value at the node; nothing where
 * the node is NULL, null or no scalar. */
void kube_conf(struct kube *k, const char *key, const struct tree_node *value);
void kube_conf_text(struct kube *k, const char *key, const char *value,
                    const struct origin *key_origin, const struct origin *value_origin);

/* Each scalar of a mapping as a setting PREFIX + its key. What is inserted by a template
 * leaves the launch open. */
void kube_conf_map(struct kube *k, const char *prefix, const struct tree_node *mapping);

/* "OPTION VALUE"; of a list, its items joined with commas. */
void kube_option(struct kube *k, const char *option, const struct tree_node *value);

/* The scalars of a list, joined with commas; NULL where there are none. */
const char *kube_join(struct kube *k, const struct tree_node *list);

/* Each scalar of a mapping into a list of the launch. */
void kube_set_map(struct kube *k, enum document_list list, const char *prefix,
                  const struct tree_node *mapping);

/* The launch is open where a template inserts text into that node, or where it is one
 * unknown text instead of a mapping or a list. */
void kube_open(struct kube *k, const struct tree_node *node);

/* Each scalar of a list as a word; open where more may be inserted. */
void kube_words(struct kube *k, const struct tree_node *list);

/* A fact of the launch, where the node is a scalar. */
void kube_fact(struct kube *k, const char *name, const struct tree_node *value);
void kube_fact_text(struct kube *k, const char *name, const char *value,
                    const struct origin *origin);

/* Text of which nothing is known, written so. */
const char *kube_unknown(struct kube *k, const char *what);

/* Where the words of an operator itself are told to stand: at the object's kind. */
struct origin kube_own_place(const struct tree_node *object);

/* Begins a launch of that object. A further setting would go behind those of conf,
 * or of spec where conf is no mapping. */
void kube_launch(struct kube *k, const struct tree_node *object, const struct tree_node *spec,
                 const struct tree_node *conf);

/* The image, and Spark's version where its tag tells it. */
void kube_image(struct kube *k, const struct tree_node *image);

/* A scalar that is written true; NULL is not. */
bool kube_is_true(const struct tree_node *node);

/* What an entry of env: gives its variable: the literal, or what it refers to in marks
 * of the unknown. *origin is where it stands. NULL where it gives none. */
const char *kube_env_value(struct kube *k, const struct tree_node *entry, struct origin *origin);

/* The first entry of a list with that name:, or NULL; also where the list is longer than
 * LIMIT_TREE_NAMES. */
const struct tree_node *kube_find_named(const struct tree_node *list, const char *name);

/* Facts of a pod spec: host network, privileged containers, mounts of the host, service
 * account. */
void kube_pod_facts(struct kube *k, const struct tree_node *pod);

/* Facts of something that has volumeMounts: mounts of those volumes that are not its
 * own. */
void kube_mount_facts(struct kube *k, const struct tree_node *volumes,
                      const struct tree_node *mounts);

/* Readers of objects, by kind. */
void kube_read_kubeflow(struct kube *k, const struct tree_node *object);
void kube_read_scheduled(struct kube *k, const struct tree_node *object);
void kube_read_connect(struct kube *k, const struct tree_node *object);
void kube_read_stackable(struct kube *k, const struct tree_node *object);
void kube_read_stackable_other(struct kube *k, const struct tree_node *object);
void kube_read_apache(struct kube *k, const struct tree_node *object);
void kube_read_cluster(struct kube *k, const struct tree_node *object);
void kube_read_workload(struct kube *k, const struct tree_node *object);
void kube_read_config_map(struct kube *k, const struct tree_node *object);
void kube_read_secret(struct kube *k, const struct tree_node *object);

/* Finds manifests, settings maps, command lines and variables in any tree. */
void kube_read_anything(struct kube *k, const struct tree_node *node);

/* One object of any kind. */
void kube_read_object(struct kube *k, const struct tree_node *object);

/* Hands a manifest out that stands in a text: kind/ reads it as any text within another. */
void kube_read_manifest(struct kube *k, const struct tree_node *text);

/* A file that stands in a text, told by its name: a properties file, Hadoop's XML, a
 * script. Whether it was one of them. */
bool kube_read_file(struct kube *k, const struct tree_node *file, const char *title);

/* The same, of a script; true. */
bool kube_script(struct kube *k, const struct tree_node *text);

/* The same, of Hadoop's XML; true. Its settings wait until all launches are known. */
bool kube_hadoop(struct kube *k, const struct tree_node *text);

/* The last launch mounts the ConfigMap of that name: its site files (only the one called
 * `only`, where that is not NULL) go into DOCUMENT_HADOOP. A map that is not in the stream,
 * or a file that cannot be read, leaves the launch open. */
void kube_take_sites(struct kube *k, const struct tree_node *name, const char *only);

/* The same for each ConfigMap among those volumes that is mounted; one that is not in the
 * stream may be anything else and is passed over. */
void kube_take_mounts(struct kube *k, const struct tree_node *volumes,
                      const struct tree_node *mounts);

/* What no launch has mounted goes to the loose settings. */
void kube_end_sites(struct kube *k);

/* The object of that kind and name in the same stream, or NULL. */
const struct tree_node *kube_find_object(const struct kube *k, const char *kind, const char *name);

/* Children of a mapping whose keys begin with "spark.": a launch without words. Whether
 * there are any. */
bool kube_read_settings(struct kube *k, const struct tree_node *mapping, const char *title);

/* A container of a pod, or a service of a compose file: a launch where it starts Spark,
 * loose settings for its variables. */
void kube_read_container(struct kube *k, const struct tree_node *container,
                         const struct tree_node *pod, const char *title);

/* What is known of a variable goes to the loose settings. */
void kube_loose_env(struct kube *k, const struct tree_node *env);

#endif
