import sys

from headrace.runner.run import main

sys.exit(main(sys.argv[1:]))
