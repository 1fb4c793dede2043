/* ci.h: workflows and actions of GitHub, pipelines of GitLab, in which Spark is
 * started. Pure.
 *
 * Every block of a shell is read as a script, behind the variables that its workflow,
 * job and step (or its pipeline, the jobs that it extends, and its job) give it: they are
 * exported to it, so that a launch has them in its environment and "$NAME" is known.
 * - GitHub: run: of the steps of jobs and composite actions; env: of workflow, job,
 *   container and step. ${{ … }} is unknown. A block for another shell than sh and bash
 *   is left out, with a note where it mentions Spark. CircleCI's run: and environment:
 *   are read the same way. A variable that a step may write to $GITHUB_ENV is unknown to
 *   the steps behind it.
 * - GitLab: before_script: and script: run in one shell, after_script: in another;
 *   default:, extends:, !reference and inherit: within the file. A template (".name") is
 *   read by itself only where no job of the file extends it. $NAME in a variable's value
 *   is filled in where the file says it, else unknown; so are variables of rules: and of
 *   parallel: matrix:, which a job has or has not.
 * What a file includes and what a project's settings give is not known here. */
#ifndef ARRESTOR_POLICY_CI_H
#define ARRESTOR_POLICY_CI_H

#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/surface.h"

/* By the keys at the beginning of lines: jobs: or runs: with steps: and run: or uses:;
 * script: with stages: or stage:, or by the name .gitlab-ci.yml. No manifest. */
surface_recognise ci_recognise;

/* Launches of all blocks; the literal values of variables are loose settings. A block
 * that is no sound script is noted. Texts: those of the blocks (shell.h). */
surface_read ci_read;

#endif
