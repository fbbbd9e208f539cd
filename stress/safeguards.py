"""The safeguards that are removed one at a time, and the promise that must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A safeguard that is taken away."""

    name: str
    file: str
    old: str
    new: str
    promise: str
    """The one that must notice."""


MUTANTS = (
    Mutant(
        name="no fsync of the file",
        file="core/files.py",
        old="            sync(part)\n",
        new="",
        promise="atomic",
    ),
    Mutant(
        name="no fsync of the folder",
        file="core/files.py",
        old="        sync(target.parent)\n",
        new="",
        promise="atomic",
    ),
    Mutant(
        name="no temporary file",
        file="core/files.py",
        old="    part = part_of(target)\n    try:",
        new="    part = target\n    try:",
        promise="atomic",
    ),
    Mutant(
        name="strays are left",
        file="core/files.py",
        old="        if int(match[1]) == os.getpid() or not alive(int(match[1])):",
        new="        if False:",
        promise="atomic",
    ),
    Mutant(
        name="no fallback to the state before",
        file="training/state.py",
        old="        if not before.exists():",
        new="        if True:",
        promise="atomic",
    ),
    Mutant(
        name="files of the user's are replaced",
        file="core/files.py",
        old="        return not (was_written(target) or proof(target))",
        new="        return False",
        promise="lost",
    ),
    Mutant(
        name="links are followed",
        file="core/files.py",
        old="        if parent.is_symlink():",
        new="        if False:",
        promise="lost",
    ),
    Mutant(
        name="inputs are written over",
        file="data/readers/inputs.py",
        old="        if within[place.parent] or is_same(place, root):",
        new="        if False:",
        promise="lost",
    ),
    Mutant(
        name="a folder of the cache is known by its name",
        file="data/dataset/cache.py",
        old="        return names <= {*FILES} and len(names) > len(FILES) // 2",
        new="        return True",
        promise="lost",
    ),
    Mutant(
        name="names collide",
        file="core/file_names.py",
        old="    while rows := colliding(paths):",
        new="    while rows := list[int]():",
        promise="lost",
    ),
    Mutant(
        name="no locks",
        file="core/locks.py",
        old="        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        new="        pass",
        promise="lost",
    ),
    Mutant(
        name="what is there is not looked at",
        file="data/writing/npz.py",
        old="archive.testzip() is None and all(",
        new="all(",
        promise="lost",
    ),
    Mutant(
        name="the working folder is on the path",
        file="core/subprocesses.py",
        old='START = ("-P", "-c", RUN, SOURCE)',
        new='START = ("-c", RUN, SOURCE)',
        promise="lost",
    ),
    Mutant(
        name="no CRC of a picture",
        file="codec/amg_file.py",
        old="        if self.crc(code) != crc:",
        new="        if False:",
        promise="corruption",
    ),
    Mutant(
        name="no digest of a model",
        file="core/tensor_file.py",
        old="    if found != digest_of(data):",
        new="    if False:",
        promise="corruption",
    ),
    Mutant(
        name="no look at the shape of JSON",
        file="core/json_schema.py",
        old="    if wrong is not None:",
        new="    if False:",
        promise="headers",
    ),
    Mutant(
        name="no limit on the header",
        file="core/tensor_file.py",
        old="        if not 2 <= length <= min(MOST_HEADER_BYTES, os.path.getsize(source) - 8):",
        new="        if False:",
        promise="decoder",
    ),
    Mutant(
        name="no check of sizes before building",
        file="systems/model_file.py",
        old="        check_sizes(path, empty.state_dict(), weights)",
        new="        pass",
        promise="decoder",
    ),
    Mutant(
        name="no limit on an archive's index",
        file="codec/amg_file.py",
        old="            if after > self.size - START.size or not LENGTH_BYTES * count <= plain <= MOST_INDEX_BYTES:",
        new="            if False:",
        promise="decoder",
    ),
    Mutant(
        name="no limit on pixels",
        file="data/decoding/images.py",
        old="    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:",
        new="    if False:",
        promise="folder",
    ),
    Mutant(
        name="decoders raise what they like",
        file="data/decoding/images.py",
        old="    except Exception as error:\n        text",
        new="    except ZeroDivisionError as error:\n        text",
        promise="images",
    ),
    Mutant(
        name="links out of the folder are followed",
        file="data/readers/folders.py",
        old='        return not self.follow_links and not goal.startswith(self.root.rstrip(b"/") + b"/")',
        new="        return False",
        promise="folder",
    ),
    Mutant(
        name="no escaping in pages",
        file="studies/html/page.py",
        old="        autoescape=True,",
        new="        autoescape=False,",
        promise="names",
    ),
    Mutant(
        name="no quoting of formulas",
        file="data/writing/sheets.py",
        old="text.startswith(FORMULA)",
        new="False",
        promise="names",
    ),
    Mutant(
        name="names are shown as they are",
        file="core/file_names.py",
        old='    if text.isprintable() and "\\\\" not in text:',
        new="    if True:",
        promise="names",
    ),
    Mutant(
        name="any host is answered",
        file="studio/access.py",
        old="        if len(named) != 1 or named[0].lower() not in self.hosts:",
        new="        if False:",
        promise="server",
    ),
    Mutant(
        name="places are not held below the root",
        file="studio/places.py",
        old="        if full != self.root and self.root not in full.parents:",
        new="        if False:",
        promise="server",
    ),
    Mutant(
        name="no limit on bodies",
        file="studio/access.py",
        old="        if count > most:",
        new="        if False:",
        promise="server",
    ),
    Mutant(
        name="no roll-back",
        file="training/watchdog.py",
        old="        self.take_back(state)\n",
        new="",
        promise="nan",
    ),
    Mutant(
        name="moments are not looked at",
        file="training/state.py",
        old="        tensors += [\n",
        new="        tensors += [] and [\n",
        promise="nan",
    ),
    Mutant(
        name="reconstructions are not looked at",
        file="training/watchdog.py",
        old="        elif self.has_diverged(ratio):",
        new="        elif False:",
        promise="diverged",
    ),
    Mutant(
        name="a guess that was beaten may be lost again",
        file="training/watchdog.py",
        old=" or self.lost_checks == LOST_CHECKS",
        new="",
        promise="diverged",
    ),
    Mutant(
        name="a state inside a rise is gone back to",
        file="training/watchdog.py",
        old="            if ratio <= GOOD * self.best and not self.lost_checks:\n                self.keep(state)\n",
        new="            self.keep(state)\n",
        promise="diverged",
    ),
    Mutant(
        name="generators are not put back",
        file="core/randomness.py",
        old="        np.random.set_state(numpy)\n",
        new="",
        promise="caller",
    ),
    Mutant(
        name="cached rows are believed",
        file="data/dataset/store.py",
        old="        self._verify(rows, index)\n",
        new="",
        promise="identity",
    ),
    Mutant(
        name="Adam is not restored",
        file="training/state.py",
        old='        fill(adam, below(tensors, f"adam/{phase.name}/"))',
        new="        pass",
        promise="resume",
    ),
    Mutant(
        name="the average is not restored",
        file="training/state.py",
        old='    state.average.load_state_dict(below(tensors, "average/"))\n',
        new="",
        promise="resume",
    ),
)
