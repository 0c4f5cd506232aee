"""The kernel that services and portals are built on; it imports neither."""
