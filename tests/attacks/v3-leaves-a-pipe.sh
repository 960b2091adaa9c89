# threat: V3; ends: build-failed
# From a build: leaves a named pipe in its tree, on which whoever copies it would wait for ever.
mkfifo pipe honest.pipe
echo contained
