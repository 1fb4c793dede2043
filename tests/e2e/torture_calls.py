"""Every system call and every allocation fails, in every role; every role is killed at every call.

    torture_calls.py [--kinds kill,fail,alloc] [--scenes NAME,…] [--victims ROLE,…] [--every N] [--seed N]

Prints, for each scene and victim, how many points were tried and how long it took, and each promise that
broke with its point; status 1 where one broke. With --every only each Nth point from a random offset.
"""

import argparse
import collections
import random
import sys
import time

import failing_openbao
import failing_strongbox

SCENES = {scene.name: scene for scene in failing_strongbox.SCENES + failing_openbao.SCENES}


def choose(points, every, chance):
    return points[chance.randrange(every)::every] if every > 1 else points


class Count:
    """What a whole torture has tried and found."""

    def __init__(self, log=None):
        self.log = log
        self.points = self.reached = 0
        self.broken, self.endings = [], collections.Counter()

    def play(self, scene, point):
        reached, broken, done = scene.play(point)
        self.points += 1
        self.reached += reached
        self.broken += [f"{scene.name}: {point}: {sentence}" for sentence in broken]
        if self.log:
            print(scene.name, point, done and done.status, done and done.err.replace("\n", " | ")[-300:], file=self.log,
                  flush=True)
        if done is not None:
            last = done.err.rstrip("\n").rpartition("\n")[2].replace(str(scene.path), "")
            self.endings[(scene.name, done.status, last[:140])] += 1
        return broken


def torture(scenes, kinds, every=1, seed=None, victims=None, say=print, log=None):
    """Plays the points of these scenes; a Count."""
    count, chance = Count(log), random.Random(seed)
    for kind in kinds:
        for make in scenes:
            if kind not in make.kinds:
                continue
            scene = make(starving=kind == "alloc")
            try:
                for role, nth in scene.victims:
                    if kind == "alloc" and role == "fork" or victims and role not in victims:
                        continue
                    begun, had = time.monotonic(), len(count.broken)
                    points = choose(scene.survey(kind, role, nth), every, chance)
                    for point in points:
                        for sentence in count.play(scene, point):
                            say(f"  BROKEN {scene.name}: {point}: {sentence}")
                    say(f"{kind} {scene.name} {role}#{nth}: {len(points)} points, {len(count.broken) - had} broken, "
                        f"{time.monotonic() - begun:.1f} s")
            finally:
                scene.remove()
    return count


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default="kill,fail,alloc")
    parser.add_argument("--scenes", default=",".join(SCENES))
    parser.add_argument("--victims")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--log", type=argparse.FileType("w"), help="each point, and how it ended")
    parser.add_argument("--endings", action="store_true", help="also how often it ended how")
    return parser.parse_args()


def main():
    asked = parse()
    print(f"seed {asked.seed}, every {asked.every}", flush=True)
    count = torture([SCENES[name] for name in asked.scenes.split(",")], asked.kinds.split(","), asked.every, asked.seed,
                    asked.victims.split(",") if asked.victims else None, lambda text: print(text, flush=True),
                    asked.log)
    if asked.endings:
        for (scene, status, last), number in sorted(count.endings.items()):
            print(f"    {scene} {status} ×{number}: {last}")
    print(f"{count.points} points tried, {count.reached} reached, {len(count.broken)} promises broken")
    sys.exit(1 if count.broken else 0)


if __name__ == "__main__":
    main()
