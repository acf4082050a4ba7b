//! Real Pyro5 and Pyro4 for the tests of firesteel
