"""A run in a folder of its own: written while it trains, read while another process trains it, and gone on with after
anything that ended it. A run folder holds six files that anybody can read:

    run.toml         what was trained, with which seed, versions and machine, and when it began; a preset that opens
    iterations.csv   a row for every batch, appended as they come
    epochs.csv       a row for every epoch, and one, of epoch 0, for before training
    events.jsonl     what was changed meanwhile, pauses, verdicts, the end: a line of JSON for each
    checkpoint.npz   where the run stood a moment ago, replaced in one step
    result.json      what came of it, once it is over

Beside them there may be an empty file `starred`: such a run is never deleted to make room.
"""
