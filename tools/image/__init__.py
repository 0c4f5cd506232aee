"""The one image of all workloads: built, checked and pushed (`python -m tools.image build | check | push`)."""
