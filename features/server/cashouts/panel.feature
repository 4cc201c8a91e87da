@server @cashouts
Feature: The staging panel moves cashouts

  @PANEL-02 @must
  Rule: cashouts can be approved and rejected

    Scenario Outline: a cashout is <status>
      Given a cashout that is <status>
      Then the status of the first cashout is now <status>

      Examples:
        | status    |
        | delivered |
        | completed |
        | rejected  |
        | cancelled on the panel |
