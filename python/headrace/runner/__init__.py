"""The process that executes one run: `python -m headrace.runner FOLDER`.

The server writes `run.json` into the folder and starts this; from then on the two talk by files, so that either may die:

- `lock` is held (flock, by descriptor 3, which the server passes) as long as this process lives;
- `status.json` is what the run has come to, replaced as a whole;
- `cancel`, written by the server, asks for the end, and says why;
- `user_logs/std_log.txt` is what the script prints, written by the script itself.

The script runs in `work/`, in a session of its own, and dies with this process.
"""
