#!/bin/sh
# A scheduler for tests: each job is a service of its owner's own manager, so it lives outside the daemon's service.
# /run/controller tells how it behaves: `slow` (answers after 4 s), `deaf` (does nothing, and never answers), `mute`
# (does it, and never answers).
export XDG_RUNTIME_DIR="/run/user/$(id -u)"
mood=$(cat /run/controller 2>/dev/null)

case $1 in
  probe) systemctl --user show --property=Version ;;
  submit) # TAG SCRIPT
    echo "$2" >>"/tmp/submits-of-$(id -un)"
    [ "$mood" != slow ] || sleep 4
    [ "$mood" != deaf ] || exec sleep infinity
    systemd-run --user --quiet --remain-after-exit --unit="job-$2.service" /bin/sh "$3" || exit 1
    [ "$mood" != mute ] || exec sleep infinity
    echo "$2" ;;
  list)
    systemctl --user list-units --all --plain --no-legend 'job-*.service' || exit 1
    echo end ;;
  abort) shift; for tag; do systemctl --user stop "job-$tag.service" || exit 1; done ;;
esac
