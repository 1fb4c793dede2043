"""A plan for the fake Spark: reads the set without pause while it changes.

Both files of the set hold the same value, so one opened directory that shows two
different ones was a mix. status.json is read too: it is whole at any time, and whoever
sees a new one sees the set that it tells of (`ahead`: it told of a set not there yet).
Ends once the value LAST was seen, or after PATIENCE seconds, and leaves what it saw in
seen.json.
"""

PLAN = """
import json, os, time
base = os.environ['ARRESTOR_DIR']
seen = {'values': [], 'mixed': 0, 'missing': 0, 'partial': 0, 'reads': 0,
        'status': {'missing': 0, 'broken': 0, 'ahead': 0, 'generation': 0, 'states': []}}
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

def look_at_status(status):
    try:
        told = json.load(open(os.path.dirname(base) + '/status.json'))
    except FileNotFoundError:  # only a first set whose place was killed at its last step
        status['missing'] += 1
        return
    except ValueError:
        status['broken'] += 1
        return
    status['ahead'] += told['generation'] > int(os.readlink(base)[2:])
    status['generation'] = told['generation']
    if told['state'] not in status['states']:
        status['states'].append(told['state'])

open('reading', 'w').close()
while time.monotonic() < deadline:
    seen['reads'] += 1
    look_at_status(seen['status'])
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
deadline = time.monotonic() + AFTER
while time.monotonic() < deadline and seen['status']['generation'] != int(os.readlink(base)[2:]):
    time.sleep(0.05)
    look_at_status(seen['status'])
json.dump(seen, open('seen.json', 'w'))
"""


def plan(last, patience, after=0):
    """after: seconds to wait at most until status.json tells of the set that was seen last."""
    return PLAN.replace("PATIENCE", str(patience)).replace("LAST", repr(last)).replace("AFTER", str(after))


def assert_status_was_whole(seen):
    status = seen["status"]
    assert (status["missing"], status["broken"], status["ahead"]) == (0, 0, 0), seen


TWINS = {"one": {"raw": "${db}"}, "two": {"raw": "${db}"}}
