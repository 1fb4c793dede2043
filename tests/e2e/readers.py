"""A plan for the fake Spark: reads the set without pause while it changes.

Both files of the set hold the same value, so one opened directory that shows two
different ones was a mix. Ends once the value LAST was seen, or after PATIENCE
seconds, and leaves what it saw in seen.json.
"""

PLAN = """
import json, os, time
base = os.environ['ARRESTOR_DIR']
seen = {'values': [], 'mixed': 0, 'missing': 0, 'partial': 0, 'reads': 0}
allowed = set(json.load(open('allowed.json')))
deadline = time.monotonic() + PATIENCE

def read_at(directory, name):
    fd = os.open(name, os.O_RDONLY, dir_fd=directory)
    try:
        return os.read(fd, 65536).decode()
    finally:
        os.close(fd)

def read_directory():
    directory = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return read_at(directory, 'one'), read_at(directory, 'two')
    finally:
        os.close(directory)

open('reading', 'w').close()
while time.monotonic() < deadline:
    seen['reads'] += 1
    try:
        one, two = read_directory()
        alone = open(base + '/one').read()
    except FileNotFoundError as error:
        seen['missing'] += 1
        continue
    seen['mixed'] += one != two
    seen['partial'] += one not in allowed or two not in allowed or alone not in allowed
    if not seen['values'] or seen['values'][-1] != one:
        seen['values'].append(one)
    if one == LAST:
        break
json.dump(seen, open('seen.json', 'w'))
"""


def plan(last, patience):
    return PLAN.replace("PATIENCE", str(patience)).replace("LAST", repr(last))


TWINS = {"one": {"raw": "${db}"}, "two": {"raw": "${db}"}}
