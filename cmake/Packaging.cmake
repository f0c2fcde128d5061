# Debian packages: `cd build/release && cpack -G DEB`. What a package holds is said by the COMPONENT of each
# install() rule: here and in src/apps.
install(FILES deploy/systemd/medperf-hub.service deploy/systemd/medperf-hub-backup.service
              deploy/systemd/medperf-hub-backup.timer
        DESTINATION lib/systemd/system COMPONENT hub)
install(FILES deploy/systemd/medperf-hub.sysusers DESTINATION lib/sysusers.d RENAME medperf-hub.conf COMPONENT hub)
install(FILES deploy/nginx/medperf-hub.conf DESTINATION share/doc/medperf-hub/examples RENAME nginx.conf COMPONENT hub)
install(FILES docs/operations.md CHANGELOG.md DESTINATION share/doc/medperf-hub COMPONENT hub)
install(FILES LICENSE DESTINATION share/doc/medperf-hub RENAME copyright COMPONENT hub)
install(FILES LICENSE DESTINATION share/doc/medperf RENAME copyright COMPONENT client)
install(FILES deploy/systemd/medperf-site@.service DESTINATION lib/systemd/system COMPONENT client)

install(FILES LICENSE DESTINATION share/doc/medperf-metrics RENAME copyright COMPONENT metrics)
install(FILES LICENSE DESTINATION share/doc/medperf-dicom RENAME copyright COMPONENT dicom)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME medperf)
set(CPACK_PACKAGE_VENDOR "MedPerf")
set(CPACK_PACKAGE_CONTACT "MedPerf maintainers <maintainers@medperf.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL hub client metrics dicom)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS OFF)

set(CPACK_DEBIAN_HUB_PACKAGE_NAME medperf-hub)
set(CPACK_COMPONENT_HUB_DESCRIPTION "Server of MedPerf, federated evaluation of medical AI
Keeps the records of benchmarks, models, datasets and results; never images,
weights or data. On SQLite or PostgreSQL.")
# Libraries that are loaded at first use: no program is linked with them, so dpkg-shlibdeps does not see them. The
# hub's postinst makes its account with passwd's useradd where there is no systemd-sysusers.
set(CPACK_DEBIAN_HUB_PACKAGE_DEPENDS "libcurl4, passwd")
set(CPACK_DEBIAN_HUB_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_HUB_PACKAGE_SUGGESTS "postgresql, nginx")
set(CPACK_DEBIAN_HUB_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/hub/postinst
    ${CMAKE_SOURCE_DIR}/deploy/debian/hub/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/hub/postrm)
set(CPACK_DEBIAN_HUB_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME medperf)
set(CPACK_COMPONENT_CLIENT_DESCRIPTION "Client of MedPerf, federated evaluation of medical AI
For benchmark groups, data owners and model owners: models travel to the
data, only agreed, checked and approved metrics travel back.")
set(CPACK_DEBIAN_CLIENT_PACKAGE_DEPENDS "libcurl4, libarchive13")
# crun on machines with cgroup v2, runc on the others: the client takes the one that works (engine/podman/setup.cpp).
# bubblewrap alone serves where no engine may be installed; squashfs-tools unpacks .sif images for it. gpg decrypts images.
set(CPACK_DEBIAN_CLIENT_PACKAGE_RECOMMENDS
    "ca-certificates, podman, crun, runc, catatonit, uidmap, fuse-overlayfs, golang-github-containers-common, bubblewrap, squashfs-tools, gpg")

set(CPACK_DEBIAN_METRICS_PACKAGE_NAME medperf-metrics)
set(CPACK_COMPONENT_METRICS_DESCRIPTION "Metrics of medical images, for whole cohorts
Compares predictions with references (segmentation, classification): tables,
JSON and reports. Each figure names its definition.")
set(CPACK_DEBIAN_METRICS_PACKAGE_RECOMMENDS medperf-dicom)

# Loaded by programs at the first DICOM file; a package of its own, since it alone needs DCMTK.
set(CPACK_DEBIAN_DICOM_PACKAGE_NAME medperf-dicom)
set(CPACK_COMPONENT_DICOM_DESCRIPTION "Reader of DICOM files for MedPerf's programs
Without it they read NIfTI, NPY and PNG.")
include(CPack)
