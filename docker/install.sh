#!/bin/sh
# Install while an image is built:
#
#   sh install.sh packages FILE   the packages of a lock file into /opt/packages, a virtual environment
#                                 without pip; each is checked against the hash in the lock file
#   sh install.sh project         the project itself into /opt/app, where that environment finds it

set -eu

python=/opt/packages/bin/python

case $1 in
    packages)
        tools/bin/pip wheel --quiet --no-deps --no-build-isolation --require-hashes --wheel-dir wheels -r "$2"
        python3 -m venv --without-pip /opt/packages
        tools/bin/pip --python $python install --quiet --no-index --no-deps wheels/*.whl
        rm -rf wheels
        cd /opt/packages/lib/python3*/site-packages
        echo /opt/app >app.pth
        # What nothing here imports: tests, sources of compiled modules, where in the world a number is.
        find . -type d -name tests -prune -exec rm -rf {} +
        find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.c' -o -name '*.h' \) -delete
        rm -rf phonenumbers/geodata phonenumbers/carrierdata phonenumbers/tzdata
        ;;
    project)
        tools/bin/pip --python $python install --quiet --no-index --no-deps --target /opt/app project/*.whl
        ;;
esac
