"""`arrestor strongbox` as the tests run it: without a terminal, passphrases on descriptors."""

import os
import subprocess

import house


def box_words(site, *words):
    return ["strongbox", *words, "--box", site.box, "--key", site.key]


def run(site, *words, passphrase=None, new=None, stdin=b"", before=()):
    """Runs `arrestor strongbox WORDS…` to its end."""
    words, held = list(words), []
    for option, text in (("--passphrase-fd", passphrase), ("--new-passphrase-fd", new)):
        if text is not None:
            reader, writer = os.pipe()
            os.write(writer, text.encode() if isinstance(text, str) else text)
            os.close(writer)
            words += [option, str(reader)]
            held.append(reader)
    command = site.as_user([*before, house.ARRESTOR, *box_words(site, *words)])
    done = subprocess.run(command, input=stdin, capture_output=True, env=site.environment, cwd=site.path,
                          pass_fds=held, start_new_session=True, timeout=60, check=False)
    for descriptor in held:
        os.close(descriptor)
    return house.Result(house.as_status(done.returncode), done.stdout.decode(), done.stderr.decode())


def files_of(site):
    """Contents of box and key file."""
    return site.box.read_bytes(), site.key.read_bytes()


def leftovers(site):
    """What lies beside box and key file under a name that begins as theirs would."""
    return [path.name for directory in (site.path, site.key.parent) for path in directory.iterdir()
            if path.name.startswith(".")]
