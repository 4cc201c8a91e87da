@server @deposits
Feature: The staging panel moves deposits

  @PANEL-02 @must
  Rule: deposits can be approved and cancelled

    Scenario: a deposit is approved
      Given a deposit of 100 that is not paid yet
      When the deposit is paid
      Then its status is COMPLETED

    Scenario: a deposit is cancelled
      Given a deposit of 100 that is cancelled
      Then its status is CANCELLED
